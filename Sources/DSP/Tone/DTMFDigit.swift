/// One of the sixteen keys of ITU-T Q.23; the raw value is the event code of RFC 4733 clause 3.2: 0–9, 10 `*`, 11 `#`, 12–15 A–D.
package struct DTMFDigit: RawRepresentable, Hashable, Sendable, BitwiseCopyable, CustomStringConvertible {
  package let rawValue: UInt8

  /// nil above 15.
  @_noLocks
  package init?(rawValue: UInt8) {
    guard rawValue < 16 else { return nil }
    self.rawValue = rawValue
  }

  /// Takes `0-9`, `*`, `#`, `A-D`, `a-d` in ASCII.
  @_noLocks
  package init?(ascii: UInt8) {
    switch ascii {
    case 0x30...0x39: rawValue = ascii &- 0x30
    case 0x2A: rawValue = 10
    case 0x23: rawValue = 11
    case 0x41...0x44: rawValue = ascii &- 0x41 &+ 12
    case 0x61...0x64: rawValue = ascii &- 0x61 &+ 12
    default: return nil
    }
  }

  /// Takes `0-9`, `*`, `#`, `A-D`, `a-d`.
  package init?(_ character: Character) {
    guard let ascii = character.asciiValue else { return nil }
    self.init(ascii: ascii)
  }

  /// The key's ASCII code.
  package var ascii: UInt8 {
    @_noLocks get {
      switch rawValue {
      case 0...9: 0x30 &+ rawValue
      case 10: 0x2A
      case 11: 0x23
      default: 0x41 &+ (rawValue &- 12)
      }
    }
  }

  package var character: Character { Character(UnicodeScalar(ascii)) }

  package var description: String { String(character) }

  /// Hz, of the low group (rows).
  package var lowFrequency: Double {
    @_noLocks get {
      switch rawValue {
      case 1, 2, 3, 12: 697
      case 4, 5, 6, 13: 770
      case 7, 8, 9, 14: 852
      default: 941
      }
    }
  }

  /// Hz, of the high group (columns).
  package var highFrequency: Double {
    @_noLocks get {
      switch rawValue {
      case 1, 4, 7, 10: 1209
      case 2, 5, 8, 0: 1336
      case 3, 6, 9, 11: 1477
      default: 1633
      }
    }
  }

  /// Every key.
  package static var all: [DTMFDigit] { (0..<16).compactMap { DTMFDigit(rawValue: $0) } }
}
