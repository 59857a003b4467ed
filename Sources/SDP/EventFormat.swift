/// Telephone events as a side takes them: their number in packets, their clock, and which.
struct EventFormat: Hashable, Sendable {
  var payloadType: UInt8
  /// Hz; that of the codec beside them (RFC 4733, 2.1), else 8000 as many peers have it.
  var clockRate: Int
  var events: TelephoneEventSet

  /// Those in our offers: at 8000 Hz, and at 48,000 Hz where Opus is offered.
  static func offered(with codecs: [AudioCodec]) -> [EventFormat] {
    var formats: [EventFormat] = []
    if codecs.contains(where: { $0.clockRate == 8000 }) { formats.append(EventFormat(payloadType: 101, clockRate: 8000, events: .keys)) }
    if codecs.contains(.opus) { formats.append(EventFormat(payloadType: 102, clockRate: 48_000, events: .keys)) }
    return formats
  }
}

extension [EventFormat] {
  /// Those that go with a codec.
  func format(for codec: AudioCodec) -> EventFormat? {
    first { $0.clockRate == codec.clockRate } ?? first { $0.clockRate == 8000 }
  }
}
