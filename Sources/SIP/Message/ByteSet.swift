/// A set of ASCII characters as two masks; bytes above 127 are never members.
struct ByteSet: Sendable {
  let low: UInt64
  let high: UInt64

  @inline(__always)
  func contains(_ byte: UInt8) -> Bool {
    if byte < 64 { return (low &>> UInt64(byte)) & 1 == 1 }
    if byte < 128 { return (high &>> UInt64(byte &- 64)) & 1 == 1 }
    return false
  }

  // RFC 3261 25.1.
  static let digits = ByteSet(low: 0x03ff_0000_0000_0000, high: 0)
  static let hexDigits = ByteSet(low: 0x03ff_0000_0000_0000, high: 0x0000_007e_0000_007e)
  /// token: alphanum and `-.!%*_+`'~`.
  static let token = ByteSet(low: 0x03ff_6ca2_0000_0000, high: 0x47ff_ffff_87ff_fffe)
  /// gen-value that is a token or a host: token, brackets and colon.
  static let parameterValue = ByteSet(low: 0x07ff_6ca2_0000_0000, high: 0x47ff_ffff_afff_fffe)
  /// word, the stuff of Call-ID.
  static let word = ByteSet(low: 0xd7ff_efa6_0000_0000, high: 0x6fff_ffff_bfff_fffe)
  static let unreserved = ByteSet(low: 0x03ff_6782_0000_0000, high: 0x47ff_fffe_87ff_fffe)
  /// unreserved and user-unreserved.
  static let user = ByteSet(low: 0xabff_ffd2_0000_0000, high: 0x47ff_fffe_87ff_fffe)
  static let password = ByteSet(low: 0x23ff_7fd2_0000_0000, high: 0x47ff_fffe_87ff_fffe)
  static let uriParameter = ByteSet(low: 0x07ff_efd2_0000_0000, high: 0x47ff_fffe_afff_fffe)
  /// hnv-unreserved, unreserved, and the `&` and `=` between headers.
  static let uriHeaders = ByteSet(low: 0xa7ff_efd2_0000_0000, high: 0x47ff_fffe_afff_fffe)
  /// Letters, digits, `-`, `.` and the underscore some peers use.
  static let host = ByteSet(low: 0x03ff_6000_0000_0000, high: 0x07ff_fffe_87ff_fffe)
  static let ipv6 = ByteSet(low: 0x07ff_4000_0000_0000, high: 0x0000_007e_0000_007e)
  static let scheme = ByteSet(low: 0x03ff_6800_0000_0000, high: 0x07ff_fffe_07ff_fffe)
  /// reserved, unreserved, `%`, `#` and brackets: an opaque URI (RFC 3986).
  static let opaque = ByteSet(low: 0xafff_fffa_0000_0000, high: 0x47ff_fffe_afff_ffff)
}

extension UInt8 {
  /// The byte with ASCII A–Z in lower case.
  @inline(__always) var asciiLowercased: UInt8 { self >= 0x41 && self <= 0x5a ? self | 0x20 : self }

  /// The value of a hexadecimal digit.
  @inline(__always) var hexValue: UInt8? {
    switch self {
    case 0x30...0x39: self &- 0x30
    case 0x41...0x46: self &- 0x37
    case 0x61...0x66: self &- 0x57
    default: nil
    }
  }

  /// Space or horizontal tab.
  @inline(__always) var isBlank: Bool { self == 0x20 || self == 0x09 }
}

extension String {
  /// Equality that ignores the case of ASCII letters.
  package func equalsIgnoringCase(_ other: String) -> Bool {
    let left = utf8
    let right = other.utf8
    guard left.count == right.count else { return false }
    return left.elementsEqual(right) { $0.asciiLowercased == $1.asciiLowercased }
  }
}

extension [UInt8] {
  /// Appends a string's UTF-8.
  @inline(__always)
  package mutating func append(text: String) {
    append(contentsOf: text.utf8)
  }

  /// Appends a number in decimal.
  package mutating func append(decimal value: some BinaryInteger) {
    if value >= 0, value < 10 {
      append(0x30 &+ UInt8(truncatingIfNeeded: value))
    } else {
      append(contentsOf: String(value).utf8)
    }
  }
}

/// Something that can stand as (part of) a header field's value.
package protocol SIPHeaderValue {
  /// Appends the value in its wire form.
  func write(to output: inout [UInt8])
}

extension SIPHeaderValue {
  /// The value's wire form.
  package var wireText: String {
    var bytes: [UInt8] = []
    write(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension String: SIPHeaderValue {
  package func write(to output: inout [UInt8]) {
    output.append(contentsOf: utf8)
  }
}
