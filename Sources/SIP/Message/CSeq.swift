/// The CSeq header field (RFC 3261 20.16).
package struct CSeq: Hashable, Sendable {
  /// Less than 2³¹ (RFC 3261 8.1.1.5).
  package var number: UInt32
  package var method: SIPMethod

  package init(_ number: UInt32, _ method: SIPMethod) {
    self.number = number
    self.method = method
  }

  static func parse(_ cursor: inout ByteCursor) throws(SIPSyntaxError) -> CSeq {
    let number = try cursor.takeNumber(upTo: UInt64(Int32.max), "a sequence number below 2147483648")
    guard cursor.peek?.isBlank == true else { throw cursor.error("a space after the sequence number") }
    cursor.skipBlanks()
    let method = SIPMethod(cursor.text(try cursor.takeToken("a method")))
    cursor.skipBlanks()
    guard cursor.isAtEnd else { throw cursor.error("the end after the method") }
    return CSeq(UInt32(truncatingIfNeeded: number), method)
  }
}

extension CSeq: SIPHeaderValue {
  package func write(to output: inout [UInt8]) {
    output.append(decimal: number)
    output.append(0x20)
    output.append(text: method.name)
  }
}
