/// A name-addr or addr-spec with header parameters: From, To, Contact, Route, P-Asserted-Identity and their like (RFC 3261 20.10).
package struct NameAddress: Hashable, Sendable {
  /// The display name without quotes; nil when there is none.
  package var displayName: String?
  package var uri: SIPURI
  package var parameters: SIPParameters

  package init(uri: SIPURI, displayName: String? = nil, tag: String? = nil, parameters: SIPParameters = SIPParameters()) {
    self.uri = uri
    self.displayName = displayName
    self.parameters = parameters
    if let tag { self.parameters["tag"] = tag }
  }

  /// The `tag` of From and To; nil when there is none (RFC 2543 peers).
  package var tag: String? {
    get { parameters["tag"] }
    set { parameters["tag"] = newValue }
  }

  /// The `expires` of a Contact, in seconds; nil when absent or not a number of 32 bits.
  package var expires: UInt32? {
    get { parameters["expires"].flatMap { UInt32($0) } }
    set { parameters["expires"] = newValue.map { String($0) } }
  }

  /// The `q` of a Contact in thousandths, 0 to 1000; 1000 when absent or malformed.
  package var priorityInThousandths: Int {
    guard let text = parameters["q"], let value = Double(text), value >= 0, value <= 1 else { return 1000 }
    return Int(value * 1000 + 0.5)
  }

  /// True for a loose router's Route (RFC 3261 16.12).
  package var isLooseRoute: Bool { uri.parameters.contains("lr") }

  /// Parses one name-addr or addr-spec that fills the text.
  package init(parsing text: String) throws(SIPSyntaxError) {
    var cursor = ByteCursor(Array(text.utf8))
    self = try NameAddress.parse(&cursor)
    guard cursor.isAtEnd else { throw cursor.error("the end of the address") }
  }
}

extension NameAddress: SIPHeaderValue {
  package func write(to output: inout [UInt8]) {
    if let displayName {
      output.append(quoted: displayName)
      output.append(0x20)
    }
    output.append(0x3c)
    uri.write(to: &output)
    output.append(0x3e)
    parameters.write(to: &output)
  }
}

extension NameAddress {
  /// Parses at the cursor up to a comma or the end; blanks around it are taken.
  static func parse(_ cursor: inout ByteCursor) throws(SIPSyntaxError) -> NameAddress {
    cursor.skipBlanks()
    var displayName: String?
    if cursor.peek == 0x22 {
      displayName = try cursor.takeQuotedString()
      cursor.skipBlanks()
      guard cursor.peek == 0x3c else { throw cursor.error("'<' after the display name") }
    } else if cursor.peek != 0x3c {
      displayName = takeTokens(&cursor)
    }
    var uri: SIPURI
    if cursor.take(0x3c) {
      let first = cursor.index
      while let byte = cursor.peek, byte != 0x3e { cursor.advance() }
      let range = first..<cursor.index
      guard cursor.take(0x3e) else { throw cursor.error("'>' after the URI") }
      uri = try SIPURI.parse(cursor.bytes, range, base: cursor.start)
    } else {
      // An addr-spec without brackets: parameters belong to the header field, and neither comma, question mark nor semicolon
      // may stand in the URI (RFC 3261 20).
      let first = cursor.index
      while let byte = cursor.peek, byte != 0x3b, byte != 0x2c, !byte.isBlank { cursor.advance() }
      let range = first..<cursor.index
      if let mark = cursor.bytes[range].firstIndex(of: 0x3f) {
        throw SIPSyntaxError(expected: "'<' and '>' around a URI with '?'", offset: mark - cursor.start)
      }
      uri = try SIPURI.parse(cursor.bytes, range, base: cursor.start)
    }
    let parameters = try SIPParameters.parseHeaderParameters(&cursor)
    cursor.skipBlanks()
    guard cursor.isAtEnd || cursor.peek == 0x2c else { throw cursor.error("';', ',' or the end after the address") }
    return NameAddress(uri: uri, displayName: displayName, parameters: parameters)
  }

  /// `*(token LWS)` before `<`; leaves the cursor where it was when this is an addr-spec.
  private static func takeTokens(_ cursor: inout ByteCursor) -> String? {
    let first = cursor.index
    var last = first
    while true {
      let token = cursor.takeWhile(.token)
      if token.isEmpty { break }
      last = cursor.index
      cursor.skipBlanks()
    }
    guard cursor.peek == 0x3c, last > first else {
      cursor.move(to: first)
      return nil
    }
    return cursor.text(first..<last)
  }
}
