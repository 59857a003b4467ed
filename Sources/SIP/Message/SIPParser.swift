/// Reads SIP messages from bytes (RFC 3261 7 and 25); total on any input.
///
/// ```
/// bytes ─▶ leading line ends skipped ─▶ first line ─▶ fields (unfolded in place) ─▶ empty line ─▶ body by Content-Length
///              │ only those: keepAlive      │ version, method, URI or status        │ an error is kept; reading goes on for a response
/// ```
/// The fields' values are not looked into here, but for Content-Length.
package enum SIPParser {
  /// What a message may have at most.
  package struct Limits: Hashable, Sendable {
    /// Bytes; the default is 65,535.
    package var messageSize = 65_535
    /// Fields; the default is 256.
    package var headerCount = 256
    /// Bytes of one line with its folds; the default is 16,384.
    package var lineLength = 16_384

    package init() {}
  }

  /// The message that a datagram holds, or that a framer cut from a stream.
  ///
  /// Without Content-Length the body goes to the end; bytes behind the body are cut (RFC 3261 18.3).
  package static func parse(datagram: [UInt8], limits: Limits = Limits()) throws(SIPParseError) -> SIPMessage {
    var reader = MessageReader(datagram, limits)
    return try reader.read()
  }
}

/// The state of reading one message.
struct MessageReader {
  enum StartLine {
    case request(SIPMethod, SIPURI)
    case response(Int, String)
    /// A request whose first line is wrong; its method where it could be read.
    case broken(SIPMethod?)
  }

  var bytes: [UInt8]
  let limits: SIPParser.Limits
  var index = 0
  var fields: [SIPHeaders.Field] = []
  /// The first thing found wrong.
  var error: SIPParseError?

  init(_ bytes: [UInt8], _ limits: SIPParser.Limits) {
    self.bytes = bytes
    self.limits = limits
  }

  mutating func read() throws(SIPParseError) -> SIPMessage {
    guard bytes.count <= limits.messageSize else {
      throw SIPParseError(.messageTooLarge, "\(bytes.count) bytes, at most \(limits.messageSize) are taken", offset: 0)
    }
    while index < bytes.count, bytes[index] == 0x0d || bytes[index] == 0x0a { index += 1 }
    guard index < bytes.count else { throw SIPParseError(.keepAlive, "only line ends", offset: 0) }

    let start = try readStartLine()
    fields.reserveCapacity(16)
    readFields()
    let body = readBody()
    let headers = SIPHeaders(text: bytes, fields: fields)
    if var error {
      switch start {
      case .request(let method, _), .broken(let method?): error.salvaged = SalvagedRequest(method: method, headers: headers)
      default: break
      }
      throw error
    }
    switch start {
    case .request(let method, let uri): return .request(SIPRequest(method: method, uri: uri, headers: headers, body: body))
    case .response(let status, let reason):
      return .response(SIPResponse(status: status, reason: reason, headers: headers, body: body))
    case .broken: throw SIPParseError(.notSIP, "no SIP message", offset: 0)
    }
  }

  mutating func note(_ code: SIPParseError.Code, _ detail: String, at offset: Int) {
    if error == nil { error = SIPParseError(code, detail, offset: offset) }
  }

  /// `*(token [LWS] ":" value CRLF) CRLF`.
  private mutating func readFields() {
    while index < bytes.count {
      if bytes[index] == 0x0a {
        index += 1
        return
      }
      if bytes[index] == 0x0d, index + 1 < bytes.count, bytes[index + 1] == 0x0a {
        index += 2
        return
      }
      readField()
    }
    note(.truncated, "an empty line after the header fields was expected", at: bytes.count)
  }

  private mutating func readField() {
    let lineStart = index
    var position = index
    while position < bytes.count, ByteSet.token.contains(bytes[position]) { position &+= 1 }
    let name = lineStart..<position
    while position < bytes.count, bytes[position].isBlank { position &+= 1 }
    let isNamed = !name.isEmpty && position < bytes.count && bytes[position] == 0x3a
    let value = readValue(from: isNamed ? position &+ 1 : position)
    guard isNamed else {
      return note(.headerLine, "a field name and ':' were expected", at: lineStart)
    }
    guard index &- lineStart <= limits.lineLength else {
      return note(.lineTooLong, "a line of \(index &- lineStart) bytes, at most \(limits.lineLength) are taken", at: lineStart)
    }
    guard fields.count < limits.headerCount else {
      return note(.tooManyHeaders, "more than \(limits.headerCount) header fields", at: lineStart)
    }
    let known = HeaderName.find(bytes, name)
    let isOther = known == .extension
    fields.append(
      SIPHeaders.Field(
        name: known,
        nameStart: isOther ? UInt32(truncatingIfNeeded: name.lowerBound) : 0,
        nameCount: isOther ? UInt32(truncatingIfNeeded: name.count) : 0,
        valueStart: UInt32(truncatingIfNeeded: value.lowerBound),
        valueCount: UInt32(truncatingIfNeeded: value.count)))
  }

  /// Reads to the end of the line and of the lines folded onto it; each fold becomes one space.
  ///
  /// The index is then on the next line.
  private mutating func readValue(from first: Int) -> Range<Int> {
    var lower = first
    var upper = endOfLine(from: first)
    while index < bytes.count, bytes[index].isBlank {
      while index < bytes.count, bytes[index].isBlank { index &+= 1 }
      let continuation = index
      let end = endOfLine(from: continuation)
      while upper > lower, bytes[upper &- 1].isBlank { upper &-= 1 }
      // There is room: a fold has a line end and a blank.
      bytes[upper] = 0x20
      upper &+= 1
      for position in continuation..<end {
        bytes[upper] = bytes[position]
        upper &+= 1
      }
    }
    while lower < upper, bytes[lower].isBlank { lower &+= 1 }
    while upper > lower, bytes[upper &- 1].isBlank { upper &-= 1 }
    return lower..<upper
  }

  /// Where the line's text ends; the index goes behind its line end.
  ///
  /// A line may end in LF alone; a CR elsewhere is an error.
  mutating func endOfLine(from first: Int) -> Int {
    var position = first
    while position < bytes.count {
      let byte = bytes[position]
      if byte == 0x0a {
        index = position &+ 1
        return position
      }
      if byte == 0x0d {
        if position &+ 1 < bytes.count, bytes[position &+ 1] == 0x0a {
          index = position &+ 2
          return position
        }
        note(.headerLine, "a CR without LF", at: position)
        bytes[position] = 0x20
      }
      position &+= 1
    }
    index = bytes.count
    return bytes.count
  }

  private mutating func readBody() -> [UInt8] {
    let available = bytes.count - index
    let length = readContentLength()
    guard error == nil || length != nil else { return [] }
    let count = length ?? available
    guard count <= available else {
      note(.truncated, "Content-Length asks for \(count) bytes, \(available) are there", at: bytes.count)
      return []
    }
    return count == 0 ? [] : Array(bytes[index..<(index + count)])
  }

  /// The value of the one Content-Length field; nil when there is none, or when it is wrong, which is noted.
  private mutating func readContentLength() -> Int? {
    var length: Int?
    for field in fields where field.name == .contentLength {
      guard length == nil else {
        note(.contentLength, "one Content-Length was expected, not more", at: Int(field.valueStart))
        return nil
      }
      var cursor = ByteCursor(bytes, from: field.valueRange.lowerBound, to: field.valueRange.upperBound)
      guard let value = try? cursor.takeNumber(upTo: UInt64(Int32.max), ""), cursor.isAtEnd else {
        note(.contentLength, "Content-Length: a number up to 2147483647 was expected", at: Int(field.valueStart))
        return nil
      }
      length = Int(value)
    }
    return length
  }

  /// The body's length by a header that a framer has cut from a stream; nil when there is not exactly one that can be read.
  mutating func contentLengthOfHeader() -> Int? {
    while index < bytes.count, bytes[index] == 0x0d || bytes[index] == 0x0a { index += 1 }
    _ = endOfLine(from: index)
    readFields()
    return readContentLength()
  }

  /// The fields and the body of one part of a multipart body; fields that cannot be read are left out.
  mutating func readPart() -> (SIPHeaders, [UInt8]) {
    readFields()
    let body = index < bytes.count ? Array(bytes[index...]) : []
    return (SIPHeaders(text: bytes, fields: fields), body)
  }
}
