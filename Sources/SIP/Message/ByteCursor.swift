/// What stood where something else had to: the error of the grammar's small parsers.
package struct SIPSyntaxError: Error, Hashable, Sendable {
  /// What the grammar asks for at `offset`.
  package var expected: String
  /// The offset in bytes from the start of the text that was parsed.
  package var offset: Int

  package init(expected: String, offset: Int) {
    self.expected = expected
    self.offset = offset
  }
}

extension SIPSyntaxError: CustomStringConvertible {
  package var description: String { "expected \(expected) at offset \(offset)" }
}

/// A reading position in bytes; never reads past `end`.
struct ByteCursor {
  let bytes: [UInt8]
  let start: Int
  private(set) var index: Int
  private(set) var end: Int

  init(_ bytes: [UInt8], from start: Int = 0, to end: Int? = nil) {
    self.bytes = bytes
    let upper = Swift.min(end ?? bytes.count, bytes.count)
    self.start = Swift.max(0, Swift.min(start, upper))
    self.index = self.start
    self.end = upper
  }

  @inline(__always) var isAtEnd: Bool { index >= end }
  @inline(__always) var offset: Int { index &- start }
  @inline(__always) var peek: UInt8? { index < end ? bytes[index] : nil }

  func peek(ahead count: Int) -> UInt8? {
    let position = index &+ count
    return position < end && position >= start ? bytes[position] : nil
  }

  func error(_ expected: String) -> SIPSyntaxError {
    SIPSyntaxError(expected: expected, offset: offset)
  }

  @inline(__always)
  mutating func advance(by count: Int = 1) {
    index = Swift.min(index &+ count, end)
  }

  mutating func move(to position: Int) {
    index = Swift.max(start, Swift.min(position, end))
  }

  /// Blanks, and the line ends of folded text.
  @inline(__always)
  mutating func skipBlanks() {
    while index < end {
      let byte = bytes[index]
      guard byte == 0x20 || byte == 0x09 || byte == 0x0d || byte == 0x0a else { return }
      index &+= 1
    }
  }

  /// Takes the byte if it is next.
  @inline(__always)
  mutating func take(_ byte: UInt8) -> Bool {
    guard index < end, bytes[index] == byte else { return false }
    index &+= 1
    return true
  }

  /// Takes a separator with the blanks around it.
  mutating func takeSeparator(_ byte: UInt8) -> Bool {
    let position = index
    skipBlanks()
    guard take(byte) else {
      index = position
      return false
    }
    skipBlanks()
    return true
  }

  /// The longest run of members of the set; may be empty.
  @inline(__always)
  mutating func takeWhile(_ set: ByteSet) -> Range<Int> {
    let first = index
    while index < end, set.contains(bytes[index]) { index &+= 1 }
    return first..<index
  }

  mutating func takeToken(_ expected: String) throws(SIPSyntaxError) -> Range<Int> {
    let range = takeWhile(.token)
    guard !range.isEmpty else { throw error(expected) }
    return range
  }

  /// A number of at most `limit`, of any count of leading zeros.
  mutating func takeNumber(upTo limit: UInt64, _ expected: String) throws(SIPSyntaxError) -> UInt64 {
    let first = index
    var value: UInt64 = 0
    while index < end, case let digit = bytes[index], digit >= 0x30, digit <= 0x39 {
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(UInt64(digit &- 0x30))
      guard !overflow, !carry, sum <= limit else { throw SIPSyntaxError(expected: expected, offset: first &- start) }
      value = sum
      index &+= 1
    }
    guard index > first else { throw error(expected) }
    return value
  }

  /// A quoted string, opening quote next; the text without quotes and backslashes.
  mutating func takeQuotedString() throws(SIPSyntaxError) -> String {
    let opening = index
    guard take(0x22) else { throw error("a quoted string") }
    let first = index
    var escaped = false
    while index < end {
      let byte = bytes[index]
      if byte == 0x5c {
        escaped = true
        index &+= 2
        continue
      }
      if byte == 0x22 {
        let contents = first..<index
        index &+= 1
        return escaped ? unescaped(contents) : text(contents)
      }
      index &+= 1
    }
    index = end
    throw SIPSyntaxError(expected: "a closing quote of the string", offset: opening &- start)
  }

  /// Skips a quoted string, opening quote next; to the end when it is not closed.
  mutating func skipQuotedString() {
    guard take(0x22) else { return }
    while index < end {
      let byte = bytes[index]
      index &+= byte == 0x5c ? 2 : 1
      if byte == 0x22 { break }
    }
    index = Swift.min(index, end)
  }

  @inline(__always)
  func text(_ range: Range<Int>) -> String {
    String(decoding: bytes[range], as: UTF8.self)
  }

  private func unescaped(_ range: Range<Int>) -> String {
    var result: [UInt8] = []
    result.reserveCapacity(range.count)
    var position = range.lowerBound
    while position < range.upperBound {
      if bytes[position] == 0x5c, position &+ 1 < range.upperBound { position &+= 1 }
      result.append(bytes[position])
      position &+= 1
    }
    return String(decoding: result, as: UTF8.self)
  }
}
