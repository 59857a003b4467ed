extension ConfigurationLoader {
  static func readMedia(_ root: Section, into media: inout GatewayConfiguration.Media) {
    guard let section = root.section("media", allowing: ["address", "ports", "srtp", "codecs", "hold"]) else { return }
    if let node = section["address"], let text = node.text {
      if TrustedNetwork.addressBytes(text) == nil {
        node.problem("\"\(text)\" is no numeric address; expected for example 127.0.0.1 or ::1")
      } else {
        media.address = text
      }
    }
    readPorts(section, into: &media.ports)
    if let node = section["srtp"], let choice = node.choice(GatewayConfiguration.SRTP.self) { media.srtp = choice }
    readCodecs(section, into: &media.codecs)
    if let node = section["hold"], let text = node.text {
      if text == "comfort_noise" {
        media.hold = .comfortNoise
      } else if let path = section.existingFile("hold") {
        media.hold = .file(path)
      }
    }
  }

  private static func readPorts(_ section: Section, into ports: inout ClosedRange<UInt16>) {
    guard let node = section["ports"], let text = node.text else { return }
    let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0.trimmingSpaces) }
    guard parts.count == 2, let first = parts[0], let last = parts[1] else {
      node.problem("\"\(text)\" is no range of ports; expected FIRST-LAST, such as 16384-17383")
      return
    }
    guard let lower = UInt16(exactly: first), let upper = UInt16(exactly: last), lower >= 1024 else {
      node.problem("\(text) is out of range; ports are 1024 to 65535")
      return
    }
    guard lower % 2 == 0, upper > lower else {
      node.problem("\(text): the first port must be even (RTP; RTCP takes the next) and the last above it")
      return
    }
    ports = lower...upper
  }

  private static func readCodecs(_ section: Section, into codecs: inout [GatewayConfiguration.Codec]) {
    guard let node = section["codecs"] else { return }
    var chosen: [GatewayConfiguration.Codec] = []
    let entries = node.oneOrMore
    for entry in entries {
      guard let codec = entry.choice(GatewayConfiguration.Codec.self) else { continue }
      if chosen.contains(codec) {
        entry.problem("\(codec.rawValue) is listed twice")
      } else {
        chosen.append(codec)
      }
    }
    if entries.isEmpty {
      let allowed = GatewayConfiguration.Codec.allCases.map(\.rawValue).joined(separator: ", ")
      node.problem("expected at least one codec; allowed: \(allowed)")
    }
    codecs = chosen
  }
}

extension StringProtocol {
  var trimmingSpaces: String {
    String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
