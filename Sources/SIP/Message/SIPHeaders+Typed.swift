// Typed reading: nothing is parsed before it is asked for.
extension SIPHeaders {
  /// The first Via value.
  package func topVia() throws(SIPHeaderError) -> Via {
    guard let field = firstField(.via) else { throw SIPHeaderError(.via, .missing) }
    var cursor = cursor(field)
    return try parse(.via) { () throws(SIPSyntaxError) in try Via.parse(&cursor) }
  }

  /// All Via values in order.
  package func vias() throws(SIPHeaderError) -> [Via] {
    try list(.via) { (cursor: inout ByteCursor) throws(SIPSyntaxError) in try Via.parse(&cursor) }
  }

  package func from() throws(SIPHeaderError) -> NameAddress { try nameAddress(.from) }
  package func to() throws(SIPHeaderError) -> NameAddress { try nameAddress(.to) }

  /// The From tag; nil when absent or From is malformed.
  package var fromTag: String? { (try? from())?.tag }
  /// The To tag; nil when absent or To is malformed.
  package var toTag: String? { (try? to())?.tag }

  package var callID: String? { self[.callID] }

  package func cseq() throws(SIPHeaderError) -> CSeq {
    let field = try single(.cseq)
    var cursor = cursor(field)
    return try parse(.cseq) { () throws(SIPSyntaxError) in try CSeq.parse(&cursor) }
  }

  /// The one address of From, To, Refer-To, Referred-By, Reply-To.
  package func nameAddress(_ name: HeaderName) throws(SIPHeaderError) -> NameAddress {
    let field = try single(name)
    var cursor = cursor(field)
    return try parse(name) { () throws(SIPSyntaxError) in
      let address = try NameAddress.parse(&cursor)
      guard cursor.isAtEnd else { throw cursor.error("the end of the address") }
      return address
    }
  }

  /// The addresses of Route, Record-Route, P-Asserted-Identity, Path and other lists.
  package func nameAddresses(_ name: HeaderName) throws(SIPHeaderError) -> [NameAddress] {
    try list(name) { (cursor: inout ByteCursor) throws(SIPSyntaxError) in try NameAddress.parse(&cursor) }
  }

  package func routes() throws(SIPHeaderError) -> [NameAddress] { try nameAddresses(.route) }
  package func recordRoutes() throws(SIPHeaderError) -> [NameAddress] { try nameAddresses(.recordRoute) }
  package func assertedIdentities() throws(SIPHeaderError) -> [NameAddress] { try nameAddresses(.pAssertedIdentity) }

  /// The Contact values; `.all` for `*`.
  package func contacts() throws(SIPHeaderError) -> ContactList {
    if count(of: .contact) == 1, self[.contact] == "*" { return .all }
    return .addresses(try nameAddresses(.contact))
  }

  /// The first Contact's address; nil when there is none.
  package func contact() throws(SIPHeaderError) -> NameAddress? {
    guard let field = firstField(.contact) else { return nil }
    var cursor = cursor(field)
    return try parse(.contact) { () throws(SIPSyntaxError) in try NameAddress.parse(&cursor) }
  }

  /// 0 to 255; nil when absent (RFC 2543 peers).
  package func maxForwards() throws(SIPHeaderError) -> Int? { try number(.maxForwards, upTo: 255).map { Int($0) } }

  /// Seconds; nil when absent.
  package func expires() throws(SIPHeaderError) -> UInt32? {
    try number(.expires, upTo: UInt64(UInt32.max)).map { UInt32(truncatingIfNeeded: $0) }
  }

  /// The Content-Length field's value; the body's true length is the body's.
  package func contentLength() throws(SIPHeaderError) -> Int? {
    try number(.contentLength, upTo: UInt64(Int32.max)).map { Int($0) }
  }

  package func contentType() throws(SIPHeaderError) -> MediaType? {
    guard contains(.contentType) else { return nil }
    let field = try single(.contentType)
    var cursor = cursor(field)
    return try parse(.contentType) { () throws(SIPSyntaxError) in
      let type = try MediaType.parse(&cursor)
      guard cursor.isAtEnd else { throw cursor.error("the end of the media type") }
      return type
    }
  }

  /// The media types of Accept; nil when there is no Accept.
  package func accept() throws(SIPHeaderError) -> [MediaType]? {
    guard contains(.accept) else { return nil }
    return try list(.accept) { (cursor: inout ByteCursor) throws(SIPSyntaxError) in try MediaType.parse(&cursor) }
  }

  /// The tokens of Supported, Require, Allow, Privacy and their like, as written; malformed ones too.
  package func tokens(_ name: HeaderName) -> [String] {
    var result: [String] = []
    for field in fields where field.name == name {
      for part in text[field.valueRange].split(whereSeparator: { $0 == 0x2c || $0 == 0x3b && name == .privacy }) {
        let trimmed = part.trimmingBlanks
        if !trimmed.isEmpty { result.append(String(decoding: trimmed, as: UTF8.self)) }
      }
    }
    return result
  }

  /// True when the list field has the token, whatever its case: `headers.has(.supported, "100rel")`.
  package func has(_ name: HeaderName, _ token: String) -> Bool {
    for field in fields where field.name == name {
      for part in text[field.valueRange].split(separator: 0x2c) where part.trimmingBlanks.equalsIgnoringCase(token) { return true }
    }
    return false
  }

  /// The Reason values that can be read (RFC 3326); what cannot is left out.
  package var reasons: [ReasonHeader] {
    (try? list(.reason) { (cursor: inout ByteCursor) throws(SIPSyntaxError) in try ReasonHeader.parse(&cursor) }) ?? []
  }

  func number(_ name: HeaderName, upTo limit: UInt64) throws(SIPHeaderError) -> UInt64? {
    guard contains(name) else { return nil }
    let field = try single(name)
    var cursor = cursor(field)
    return try parse(name) { () throws(SIPSyntaxError) in
      let value = try cursor.takeNumber(upTo: limit, "a number up to \(limit)")
      guard cursor.isAtEnd else { throw cursor.error("the end of the number") }
      return value
    }
  }

  /// The one field of this name.
  func single(_ name: HeaderName) throws(SIPHeaderError) -> Field {
    var found: Field?
    for field in fields where field.name == name {
      guard found == nil else { throw SIPHeaderError(name, .repeated) }
      found = field
    }
    guard let found else { throw SIPHeaderError(name, .missing) }
    return found
  }

  /// All comma-separated values of all fields of this name.
  func list<Element>(
    _ name: HeaderName, _ element: (inout ByteCursor) throws(SIPSyntaxError) -> Element
  ) throws(SIPHeaderError) -> [Element] {
    var result: [Element] = []
    for field in fields where field.name == name {
      var cursor = cursor(field)
      cursor.skipBlanks()
      // An empty field of a list that may be empty (Accept, Allow, Supported) has no values.
      if cursor.isAtEnd, name == .accept { continue }
      do throws(SIPSyntaxError) {
        result.append(try element(&cursor))
        while cursor.takeSeparator(0x2c) { result.append(try element(&cursor)) }
        guard cursor.isAtEnd else { throw cursor.error("',' or the end of the value") }
      } catch {
        throw SIPHeaderError(name, .syntax(error))
      }
    }
    return result
  }

  @inline(__always)
  func parse<Value>(_ name: HeaderName, _ body: () throws(SIPSyntaxError) -> Value) throws(SIPHeaderError) -> Value {
    do throws(SIPSyntaxError) {
      return try body()
    } catch {
      throw SIPHeaderError(name, .syntax(error))
    }
  }
}

/// The Contact field's value.
package enum ContactList: Hashable, Sendable {
  /// `*`: all bindings, in a REGISTER that removes them (RFC 3261 10.2.2).
  case all
  case addresses([NameAddress])

  /// The addresses; empty for `*`.
  package var addresses: [NameAddress] {
    if case .addresses(let list) = self { list } else { [] }
  }
}

extension ArraySlice<UInt8> {
  /// Equality with a text that ignores the case of ASCII letters.
  func equalsIgnoringCase(_ text: String) -> Bool {
    guard count == text.utf8.count else { return false }
    return elementsEqual(text.utf8) { $0.asciiLowercased == $1.asciiLowercased }
  }

  /// The slice without blanks and line ends at its ends.
  var trimmingBlanks: ArraySlice<UInt8> {
    var slice = self
    while let byte = slice.first, byte.isBlank || byte == 0x0d || byte == 0x0a { slice = slice.dropFirst() }
    while let byte = slice.last, byte.isBlank || byte == 0x0d || byte == 0x0a { slice = slice.dropLast() }
    return slice
  }
}
