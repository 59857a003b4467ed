extension SIPURI {
  /// Parses the URI that fills the range; offsets in errors count from `base`.
  static func parse(_ bytes: [UInt8], _ range: Range<Int>, base: Int) throws(SIPSyntaxError) -> SIPURI {
    var cursor = ByteCursor(bytes, from: range.lowerBound, to: range.upperBound)
    do throws(SIPSyntaxError) {
      return try parse(&cursor)
    } catch {
      throw SIPSyntaxError(expected: error.expected, offset: error.offset + range.lowerBound - base)
    }
  }

  private static func parse(_ cursor: inout ByteCursor) throws(SIPSyntaxError) -> SIPURI {
    let scheme = try takeScheme(&cursor)
    switch scheme {
    case .sip, .sips: return try parseSIP(&cursor, scheme)
    case .tel: return try parseTelephone(&cursor)
    case .other:
      let rest = cursor.takeWhile(.opaque)
      guard !rest.isEmpty, cursor.isAtEnd else { throw cursor.error("a character that a URI may hold") }
      return SIPURI(scheme: scheme, host: cursor.text(rest))
    }
  }

  private static func takeScheme(_ cursor: inout ByteCursor) throws(SIPSyntaxError) -> Scheme {
    let range = cursor.takeWhile(.scheme)
    guard let first = cursor.bytes[range].first, first.asciiLowercased >= 0x61, first.asciiLowercased <= 0x7a, cursor.take(0x3a) else {
      throw SIPSyntaxError(expected: "a URI's scheme and ':'", offset: 0)
    }
    let name = cursor.text(range)
    switch name {
    case "sip": return .sip
    case "tel": return .tel
    case "sips": return .sips
    default: break
    }
    switch name.lowercased() {
    case "sip": return .sip
    case "sips": return .sips
    case "tel": return .tel
    case let other: return .other(other)
    }
  }

  private static func parseSIP(_ cursor: inout ByteCursor, _ scheme: Scheme) throws(SIPSyntaxError) -> SIPURI {
    var uri = SIPURI(scheme: scheme, host: "")
    let first = cursor.index
    if let at = cursor.bytes[first..<cursor.end].firstIndex(of: 0x40) {
      uri.escapedUser = try takeEscaped(&cursor, .userAsReceived, "a character that a user part may hold")
      guard uri.escapedUser?.isEmpty == false else { throw cursor.error("a user before '@'") }
      if cursor.take(0x3a) {
        uri.escapedPassword = try takeEscaped(&cursor, .password, "a character that a password may hold")
      }
      guard cursor.index == at, cursor.take(0x40) else { throw cursor.error("a character that a user part may hold") }
    }
    if cursor.peek(ahead: 0)?.isBlank == true { throw cursor.error("a host") }
    (uri.host, uri.port) = try takeHostPort(&cursor)
    try takeParameters(&cursor, into: &uri)
    if cursor.take(0x3f) {
      let range = cursor.takeWhile(.uriHeadersWithEscapes)
      guard !range.isEmpty, cursor.isAtEnd else { throw cursor.error("headers of the URI") }
      uri.escapedHeaders = cursor.text(range)
    }
    guard cursor.isAtEnd else { throw cursor.error("';', '?' or the end of the URI") }
    return uri
  }

  private static func takeHostPort(_ cursor: inout ByteCursor) throws(SIPSyntaxError) -> (String, UInt16?) {
    let first = cursor.index
    let result = try HostPort.parse(&cursor)
    if cursor.bytes[first..<cursor.index].contains(where: \.isBlank) { throw cursor.error("no blanks in a URI") }
    return result
  }

  private static func parseTelephone(_ cursor: inout ByteCursor) throws(SIPSyntaxError) -> SIPURI {
    var uri = SIPURI(scheme: .tel, host: "")
    let range = cursor.takeWhile(.telephone)
    guard cursor.bytes[range].contains(where: { ByteSet.telephoneDigits.contains($0) }) else { throw cursor.error("a telephone number") }
    uri.escapedUser = cursor.text(range)
    try takeParameters(&cursor, into: &uri)
    guard cursor.isAtEnd else { throw cursor.error("';' or the end of the telephone number") }
    return uri
  }

  private static func takeParameters(_ cursor: inout ByteCursor, into uri: inout SIPURI) throws(SIPSyntaxError) {
    while cursor.take(0x3b) {
      let name = try takeEscaped(&cursor, .uriParameter, "a URI parameter's name")
      guard !name.isEmpty else { throw cursor.error("a URI parameter's name") }
      if cursor.take(0x3d) {
        uri.parameters.append(SIPParameter(name, try takeEscaped(&cursor, .uriParameter, "a URI parameter's value")))
      } else {
        uri.parameters.append(SIPParameter(name))
      }
    }
  }

  /// A run of members and `%` escapes; escapes of unreserved characters are undone, so that equal URIs are written alike.
  private static func takeEscaped(_ cursor: inout ByteCursor, _ set: ByteSet, _ expected: String) throws(SIPSyntaxError) -> String {
    let plain = cursor.takeWhile(set)
    guard cursor.peek == 0x25 else { return cursor.text(plain) }
    var result = Array(cursor.bytes[plain])
    while let byte = cursor.peek {
      if byte == 0x25 {
        guard let high = cursor.peek(ahead: 1)?.hexValue, let low = cursor.peek(ahead: 2)?.hexValue else {
          throw cursor.error("two hexadecimal digits after '%'")
        }
        result.append(escaped: high &<< 4 | low, keeping: .unreserved)
        cursor.advance(by: 3)
      } else if set.contains(byte) {
        result.append(byte)
        cursor.advance()
      } else {
        break
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}

extension ByteSet {
  /// What many telephones send raw in a user part: `#` besides the grammar's characters.
  static let userAsReceived = ByteSet(low: 0xabff_ffda_0000_0000, high: 0x47ff_fffe_87ff_fffe)
  static let uriHeadersWithEscapes = ByteSet(low: 0xa7ff_eff2_0000_0000, high: 0x47ff_fffe_afff_fffe)
  /// Digits, hexadecimal letters, `*`, `#`, `+`, visual separators, and the pauses `p` and `w`.
  static let telephone = ByteSet(low: 0x03ff_6f08_0000_0000, high: 0x0081_007e_0081_007e)
  /// The telephone characters that are dialled.
  static let telephoneDigits = ByteSet(low: 0x03ff_0408_0000_0000, high: 0x0000_007e_0000_007e)
}
