// The header fields of reliable provisionals, session timers and transfers.
extension SIPHeaders {
  /// RSeq (RFC 3262 §7.1); nil when absent or malformed.
  package var responseNumber: UInt32? {
    guard let value = try? number(.rseq, upTo: UInt64(UInt32.max)), value > 0 else { return nil }
    return UInt32(truncatingIfNeeded: value)
  }

  /// RAck (RFC 3262 §7.2); nil when absent or malformed.
  package var responseAcknowledgement: ResponseAcknowledgement? {
    guard let field = try? single(.rack) else { return nil }
    var cursor = cursor(field)
    cursor.skipBlanks()
    guard let value = try? cursor.takeNumber(upTo: UInt64(UInt32.max), "a number"), cursor.peek?.isBlank == true else { return nil }
    cursor.skipBlanks()
    guard let cseq = try? CSeq.parse(&cursor) else { return nil }
    return ResponseAcknowledgement(number: UInt32(truncatingIfNeeded: value), cseq: cseq)
  }

  /// Session-Expires (RFC 4028 §4); nil when absent or malformed.
  package var sessionExpires: SessionExpires? {
    guard let field = try? single(.sessionExpires) else { return nil }
    var cursor = cursor(field)
    return try? SessionExpires.parse(&cursor)
  }

  /// Min-SE in seconds (RFC 4028 §5); nil when absent or malformed.
  package var minimumSessionExpires: Int? {
    guard let field = firstField(.minSE) else { return nil }
    var cursor = cursor(field)
    cursor.skipBlanks()
    return (try? cursor.takeNumber(upTo: UInt64(Int32.max), "seconds")).map { Int($0) }
  }

  /// Replaces (RFC 3891 §6.1); nil when absent.
  package func replaces() throws(SIPHeaderError) -> ReplacesHeader? {
    guard contains(.replaces) else { return nil }
    let field = try single(.replaces)
    var cursor = cursor(field)
    return try parse(.replaces) { () throws(SIPSyntaxError) in
      let value = try ReplacesHeader.parse(&cursor)
      guard cursor.isAtEnd else { throw cursor.error("the end of Replaces") }
      return value
    }
  }
}

/// RAck: which response to which request a PRACK acknowledges.
package struct ResponseAcknowledgement: Hashable, Sendable {
  package var number: UInt32
  package var cseq: CSeq

  package init(number: UInt32, cseq: CSeq) {
    self.number = number
    self.cseq = cseq
  }
}

extension ResponseAcknowledgement: SIPHeaderValue {
  package func write(to output: inout [UInt8]) {
    output.append(decimal: number)
    output.append(0x20)
    cseq.write(to: &output)
  }
}

/// Session-Expires: the interval, and which side of the request refreshes it.
package struct SessionExpires: Hashable, Sendable {
  package enum Refresher: String, Hashable, Sendable { case uac, uas }

  package var seconds: Int
  package var refresher: Refresher?

  package init(seconds: Int, refresher: Refresher? = nil) {
    self.seconds = seconds
    self.refresher = refresher
  }

  static func parse(_ cursor: inout ByteCursor) throws(SIPSyntaxError) -> SessionExpires {
    cursor.skipBlanks()
    let seconds = try cursor.takeNumber(upTo: UInt64(Int32.max), "seconds")
    let parameters = try SIPParameters.parseHeaderParameters(&cursor)
    cursor.skipBlanks()
    guard cursor.isAtEnd else { throw cursor.error("the end of Session-Expires") }
    return SessionExpires(seconds: Int(seconds), refresher: parameters["refresher"].flatMap { Refresher(rawValue: $0.lowercased()) })
  }
}

extension SessionExpires: SIPHeaderValue {
  package func write(to output: inout [UInt8]) {
    output.append(decimal: seconds)
    if let refresher {
      output.append(text: ";refresher=")
      output.append(text: refresher.rawValue)
    }
  }
}
