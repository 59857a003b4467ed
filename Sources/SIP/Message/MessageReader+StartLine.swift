extension MessageReader {
  /// Reads the first line.
  ///
  /// Throws where nothing can be salvaged, and notes an error where reading on is of use.
  mutating func readStartLine() throws(SIPParseError) -> StartLine {
    let first = index
    let end = endOfLine(from: first)
    let line = first..<end
    guard line.count <= limits.lineLength else {
      throw SIPParseError(.lineTooLong, "a first line of \(line.count) bytes, at most \(limits.lineLength) are taken", offset: first)
    }
    if line.count >= 4, isSIPSlash(at: first) { return try readStatusLine(line) }
    return try readRequestLine(line)
  }

  /// `SIP/2.0 3DIGIT [SP reason]`.
  private func readStatusLine(_ line: Range<Int>) throws(SIPParseError) -> StartLine {
    var cursor = ByteCursor(bytes, from: line.lowerBound, to: line.upperBound)
    let version = cursor.takeWhile(.parameterOrSlash)
    guard isSupportedVersion(version) else {
      throw SIPParseError(.unsupportedVersion, "a response of another version than SIP/2.0", offset: line.lowerBound)
    }
    guard cursor.take(0x20) else { throw SIPParseError(.statusLine, "a space and a status code were expected", offset: cursor.index) }
    let digits = cursor.takeWhile(.digits)
    var status = 0
    if digits.count == 3 { for byte in bytes[digits] { status = status * 10 + Int(byte &- 0x30) } }
    guard status >= 100, status <= 699, cursor.isAtEnd || cursor.take(0x20) else {
      throw SIPParseError(.statusLine, "a status code of three digits from 100 to 699 was expected", offset: digits.lowerBound)
    }
    return .response(status, cursor.text(cursor.index..<line.upperBound))
  }

  /// `method SP URI SP SIP/2.0`, each space exactly one.
  private mutating func readRequestLine(_ line: Range<Int>) throws(SIPParseError) -> StartLine {
    var cursor = ByteCursor(bytes, from: line.lowerBound, to: line.upperBound)
    let methodRange = cursor.takeWhile(.token)
    guard !methodRange.isEmpty, cursor.peek == 0x20 else {
      throw SIPParseError(.notSIP, "a method and a space were expected", offset: line.lowerBound)
    }
    var versionStart = line.upperBound
    while versionStart > line.lowerBound, bytes[versionStart &- 1].isBlank { versionStart &-= 1 }
    let versionEnd = versionStart
    while versionStart > line.lowerBound, !bytes[versionStart &- 1].isBlank { versionStart &-= 1 }
    guard versionEnd &- versionStart >= 4, isSIPSlash(at: versionStart) else {
      throw SIPParseError(.notSIP, "SIP/2.0 at the end of the first line was expected", offset: versionStart)
    }
    let method = SIPMethod(cursor.text(methodRange))
    guard isSupportedVersion(versionStart..<versionEnd) else {
      note(.unsupportedVersion, "SIP/2.0 was expected", at: versionStart)
      return .broken(method)
    }
    let uriStart = methodRange.upperBound &+ 1
    let uriEnd = versionStart &- 1
    guard versionEnd == line.upperBound, uriStart < uriEnd, !bytes[uriStart..<uriEnd].contains(where: \.isBlank) else {
      note(.requestLine, "one space between method, URI and SIP/2.0 and none elsewhere was expected", at: uriStart)
      return .broken(method)
    }
    do throws(SIPSyntaxError) {
      return .request(method, try SIPURI.parse(bytes, uriStart..<uriEnd, base: 0))
    } catch {
      note(.requestURI, "expected \(error.expected)", at: error.offset)
      return .broken(method)
    }
  }

  private func isSIPSlash(at position: Int) -> Bool {
    position &+ 4 <= bytes.count && bytes[position].asciiLowercased == 0x73 && bytes[position &+ 1].asciiLowercased == 0x69
      && bytes[position &+ 2].asciiLowercased == 0x70 && bytes[position &+ 3] == 0x2f
  }

  private func isSupportedVersion(_ range: Range<Int>) -> Bool {
    range.count == 7 && isSIPSlash(at: range.lowerBound) && bytes[range.lowerBound &+ 4] == 0x32
      && bytes[range.lowerBound &+ 5] == 0x2e && bytes[range.lowerBound &+ 6] == 0x30
  }
}

extension ByteSet {
  /// A token with slashes: a protocol version.
  static let parameterOrSlash = ByteSet(low: 0x03ff_eca2_0000_0000, high: 0x47ff_ffff_87ff_fffe)
}
