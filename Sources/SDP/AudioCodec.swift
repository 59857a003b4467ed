/// The audio codecs of the gateway; all at 8 kHz, one channel (RFC 3551 4.5.14).
package enum AudioCodec: String, Hashable, Sendable, CaseIterable {
  case pcmu = "PCMU"
  case pcma = "PCMA"

  package var staticPayloadType: UInt8 { self == .pcmu ? 0 : 8 }
  package var clockRate: Int { 8000 }
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
    guard clockRate == 8000, channels == 1 else { return nil }
    return AudioCodec(rawValue: encoding)
  }

  /// The static assignments of RFC 3551 that matter here.
  static func staticMap(_ payloadType: UInt8) -> RTPMap? {
    switch payloadType {
    case 0: RTPMap(encoding: "PCMU", clockRate: 8000)
    case 8: RTPMap(encoding: "PCMA", clockRate: 8000)
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
