/// A Reason value (RFC 3326): why a request was sent or a call refused.
package struct ReasonHeader: Hashable, Sendable {
  /// `Q.850`, `SIP`, or another token.
  package var protocolName: String
  /// The protocol's cause: 1 to 127 for Q.850, a status code for SIP; nil when not given.
  package var cause: Int?
  package var text: String?

  package init(protocolName: String, cause: Int?, text: String? = nil) {
    self.protocolName = protocolName
    self.cause = cause
    self.text = text
  }

  /// A cause of ITU-T Q.850.
  package static func q850(_ cause: Int, _ text: String? = nil) -> ReasonHeader {
    ReasonHeader(protocolName: "Q.850", cause: cause, text: text)
  }

  /// A SIP status code.
  package static func sip(_ status: Int, _ text: String? = nil) -> ReasonHeader {
    ReasonHeader(protocolName: "SIP", cause: status, text: text)
  }

  package var isQ850: Bool { protocolName.equalsIgnoringCase("Q.850") }

  static func parse(_ cursor: inout ByteCursor) throws(SIPSyntaxError) -> ReasonHeader {
    cursor.skipBlanks()
    let name = cursor.text(try cursor.takeToken("a protocol's name"))
    let parameters = try SIPParameters.parseHeaderParameters(&cursor)
    cursor.skipBlanks()
    return ReasonHeader(protocolName: name, cause: parameters["cause"].flatMap { Int($0) }, text: parameters["text"])
  }
}

extension ReasonHeader: SIPHeaderValue {
  package func write(to output: inout [UInt8]) {
    output.append(text: protocolName)
    if let cause {
      output.append(text: ";cause=")
      output.append(decimal: cause)
    }
    if let text {
      output.append(text: ";text=")
      output.append(quoted: text)
    }
  }
}
