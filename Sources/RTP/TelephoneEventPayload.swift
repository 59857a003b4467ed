/// The payload of a telephone event (RFC 4733, 2.3).
///
/// ```
/// |     event     |E|R| volume    |          duration             |
/// ```
package struct TelephoneEventPayload: BitwiseCopyable, Sendable, Equatable {
  /// Octets of the payload.
  @inlinable
  package static var size: Int { @_noLocks get { 4 } }

  /// 0–9, 10 `*`, 11 `#`, 12–15 `A`–`D`, 16 flash; others are not digits.
  package var event: UInt8
  /// Whether the press is over.
  package var isEnd: Bool
  /// Power below 0 dBm0, 0–63.
  package var volume: UInt8
  /// Time stamp units since the event's time stamp.
  package var duration: UInt16

  @_noLocks
  package init(event: UInt8, isEnd: Bool, volume: UInt8, duration: UInt16) {
    self.event = event
    self.isEnd = isEnd
    self.volume = volume & 0x3F
    self.duration = duration
  }

  /// Reads the first event of a payload; nil when it is shorter than 4 octets.
  @_noLocks
  package init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= 4 else { return nil }
    event = bytes[0]
    isEnd = bytes[1] & 0x80 != 0
    volume = bytes[1] & 0x3F
    duration = NetworkOrder.load16(bytes, at: 2)
  }

  /// Writes 4 octets; false when `bytes` is shorter.
  @_noLocks
  package func write(into bytes: UnsafeMutableRawBufferPointer) -> Bool {
    guard bytes.count >= 4 else { return false }
    bytes[0] = event
    bytes[1] = (isEnd ? 0x80 : 0) | volume
    NetworkOrder.store(duration, in: bytes, at: 2)
    return true
  }
}

/// Digits as event codes (RFC 4733, 3.2).
package enum TelephoneEventCode {
  /// Hook flash.
  @inlinable
  package static var flash: UInt8 { @_noLocks get { 16 } }

  /// The code of `0`–`9`, `*`, `#`, `A`–`D` (either case) in ASCII; nil for anything else.
  @_noLocks
  package static func code(ofASCII digit: UInt8) -> UInt8? {
    switch digit {
    case 0x30...0x39: digit &- 0x30
    case 0x2A: 10
    case 0x23: 11
    case 0x41...0x44: digit &- 0x41 &+ 12
    case 0x61...0x64: digit &- 0x61 &+ 12
    default: nil
    }
  }

  /// The digit of a code, in ASCII; nil above 15.
  @_noLocks
  package static func ascii(of code: UInt8) -> UInt8? {
    switch code {
    case 0...9: code &+ 0x30
    case 10: 0x2A
    case 11: 0x23
    case 12...15: code &- 12 &+ 0x41
    default: nil
    }
  }

  /// The code of a digit; nil when it is none.
  ///
  /// Not for the tick.
  package static func code(of digit: Character) -> UInt8? {
    digit.asciiValue.flatMap { code(ofASCII: $0) }
  }

  /// The digit of a code; nil above 15.
  ///
  /// Not for the tick.
  package static func digit(of code: UInt8) -> Character? {
    ascii(of: code).map { Character(UnicodeScalar($0)) }
  }
}
