/// Why bytes are not a SIP message, and what can be answered.
package struct SIPParseError: Error, Sendable {
  package enum Code: String, Hashable, Sendable, CaseIterable {
    /// Nothing but line ends: a keep-alive (RFC 5626 4.4.1), no error of anyone's.
    case keepAlive
    /// The first line is neither a request's nor a response's.
    case notSIP
    case messageTooLarge
    case tooManyHeaders
    case lineTooLong
    case requestLine
    case requestURI
    case unsupportedVersion
    case statusLine
    case headerLine
    case contentLength
    /// The headers do not end, or the body is shorter than Content-Length.
    case truncated
  }

  package var code: Code
  /// What stood wrong and what was expected, for the log; made of our words and offsets only.
  package var detail: String
  /// The offset in bytes from the start of the message.
  package var offset: Int
  /// What a response needs; nil for a response, for an ACK, and where too little of the request could be read.
  package var salvaged: SalvagedRequest?

  package init(_ code: Code, _ detail: String, offset: Int, salvaged: SalvagedRequest? = nil) {
    self.code = code
    self.detail = detail
    self.offset = offset
    self.salvaged = salvaged
  }

  /// The status to answer with.
  package var status: Int {
    switch code {
    case .unsupportedVersion: 505
    case .messageTooLarge, .tooManyHeaders, .lineTooLong: 513
    default: 400
    }
  }

  /// A reason phrase for the response; free of what the peer sent.
  package var reasonPhrase: String {
    switch code {
    case .requestLine: "Malformed Request-Line"
    case .requestURI: "Malformed Request-URI"
    case .headerLine: "Malformed Header Field"
    case .contentLength: "Bad Content-Length"
    case .truncated: "Truncated Message"
    default: SIPStatus.reasonPhrase(status)
    }
  }

  /// The response to send, where one is possible; nil: drop and count.
  package func response(toTag: String) -> SIPResponse? {
    salvaged?.response(status: status, reason: reasonPhrase, toTag: toTag)
  }
}

extension SIPParseError: CustomStringConvertible {
  package var description: String { "\(code.rawValue) at byte \(offset): \(detail)" }
}

/// What could be read of a request that is not well-formed.
package struct SalvagedRequest: Sendable {
  package var method: SIPMethod
  /// Every field that could be read.
  package var headers: SIPHeaders

  package init(method: SIPMethod, headers: SIPHeaders) {
    self.method = method
    self.headers = headers
  }

  /// A response, if the request may be answered: it is no ACK and has Via, From, To, Call-ID and CSeq.
  package func response(status: Int, reason: String, toTag: String) -> SIPResponse? {
    guard method != .ack else { return nil }
    for name in [HeaderName.via, .from, .to, .callID, .cseq] where !headers.contains(name) { return nil }
    return SIPResponse(toHeaders: headers, status: status, reason: reason, toTag: toTag)
  }
}
