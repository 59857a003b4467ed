/// The audio codecs of the gateway, by their names in `a=rtpmap`.
package enum AudioCodec: String, Hashable, Sendable, CaseIterable {
  case pcmu = "PCMU"
  case pcma = "PCMA"
  case g722 = "G722"
  case opus = "opus"

  /// The number in our offers: RFC 3551's, or one of the dynamic ones.
  package var payloadType: UInt8 {
    switch self {
    case .pcmu: 0
    case .pcma: 8
    case .g722: 9
    case .opus: 111
    }
  }

  /// Hz of the RTP time stamps: 8000 for G.722 too, by an old mistake that stays (RFC 3551, 4.5.2).
  package var clockRate: Int { self == .opus ? 48_000 : 8000 }

  /// In `a=rtpmap`; Opus always says two channels (RFC 7587, 7).
  var mapping: String { self == .opus ? "opus/48000/2" : "\(rawValue)/8000" }

  package var isG711: Bool { self == .pcmu || self == .pcma }

  /// ms of audio in a packet, where that is left to us.
  ///
  /// Headers are most of a small packet: with Opus 40 ms are the fewest that leave room for good speech in 28.8 kbit/s.
  func packetTime(_ usual: Int) -> Int { self == .opus ? max(40, usual) : usual }
}

/// An `a=rtpmap` value: encoding, clock rate in Hz, channels.
package struct RTPMap: Hashable, Sendable {
  package var encoding: String
  package var clockRate: Int
  package var channels: Int

  package init(encoding: String, clockRate: Int, channels: Int = 1) {
    self.encoding = encoding
    self.clockRate = clockRate
    self.channels = channels
  }

  /// Parses `payload encoding/clock[/channels]`; nil when malformed.
  static func parse(_ value: String) -> (payloadType: UInt8, map: RTPMap)? {
    let words = value.split(whereSeparator: { $0 == " " || $0 == "\t" })
    guard words.count >= 2, let payloadType = UInt8(words[0]), payloadType < 128 else { return nil }
    let parts = words[1].split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count >= 2, let clockRate = Int(parts[1]), clockRate > 0 else { return nil }
    let channels = parts.count > 2 ? Int(parts[2]) ?? 1 : 1
    return (payloadType, RTPMap(encoding: parts[0].uppercased(), clockRate: clockRate, channels: channels))
  }

  /// The codec this maps to, if it is ours.
  var codec: AudioCodec? {
    if encoding == "OPUS" { return clockRate == 48_000 && channels == 2 ? .opus : nil }
    guard clockRate == 8000, channels == 1 else { return nil }
    return AudioCodec(rawValue: encoding)
  }

  /// The static assignments of RFC 3551 that matter here.
  static func staticMap(_ payloadType: UInt8) -> RTPMap? {
    switch payloadType {
    case 0: RTPMap(encoding: "PCMU", clockRate: 8000)
    case 8: RTPMap(encoding: "PCMA", clockRate: 8000)
    case 9: RTPMap(encoding: "G722", clockRate: 8000)
    default: nil
    }
  }
}

/// Which telephone events a side takes (RFC 4733 2.4.1): bit n for event n, 0 to 15 the keys 0–9 * # A–D; others are not kept.
package struct TelephoneEventSet: Hashable, Sendable {
  package var bits: UInt16

  package init(bits: UInt16) {
    self.bits = bits
  }

  package static let keys = TelephoneEventSet(bits: 0xffff)

  /// Parses `0-15,32,36`; what is malformed or above 15 is left out.
  init(parsing value: String) {
    bits = 0
    for part in value.split(whereSeparator: { $0 == "," || $0 == " " }) {
      let ends = part.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
      guard let first = ends.first.flatMap({ UInt8($0) }), let last = ends.count > 1 ? UInt8(ends[1]) : first, first <= last else {
        continue
      }
      for event in first...last where event < 16 { bits |= 1 << UInt16(event) }
    }
  }

  package func contains(_ event: UInt8) -> Bool {
    event < 16 && bits & (1 << UInt16(event)) != 0
  }

  package func intersection(_ other: TelephoneEventSet) -> TelephoneEventSet {
    TelephoneEventSet(bits: bits & other.bits)
  }

  /// The `fmtp` form: `0-11,16`.
  var text: String {
    var parts: [String] = []
    var event: UInt8 = 0
    while event < 16 {
      guard contains(event) else {
        event += 1
        continue
      }
      var last = event
      while last < 15, contains(last + 1) { last += 1 }
      parts.append(event == last ? "\(event)" : "\(event)-\(last)")
      event = last + 1
    }
    return parts.joined(separator: ",")
  }
}
