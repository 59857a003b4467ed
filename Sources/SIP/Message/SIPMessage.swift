/// A SIP request (RFC 3261 7.1).
package struct SIPRequest: Hashable, Sendable {
  package var method: SIPMethod
  package var uri: SIPURI
  package var headers: SIPHeaders
  package var body: [UInt8]

  package init(method: SIPMethod, uri: SIPURI, headers: SIPHeaders = SIPHeaders(), body: [UInt8] = []) {
    self.method = method
    self.uri = uri
    self.headers = headers
    self.body = body
  }
}

/// A SIP response (RFC 3261 7.2).
package struct SIPResponse: Hashable, Sendable {
  /// 100 to 699.
  package var status: Int
  package var reason: String
  package var headers: SIPHeaders
  package var body: [UInt8]

  package init(status: Int, reason: String? = nil, headers: SIPHeaders = SIPHeaders(), body: [UInt8] = []) {
    self.status = status
    self.reason = reason ?? SIPStatus.reasonPhrase(status)
    self.headers = headers
    self.body = body
  }

  /// A response with what RFC 3261 8.2.6.2 copies from the request: Via, From, To, Call-ID, CSeq, and for 100 the Timestamp.
  ///
  /// - Parameter toTag: put on To unless To has a tag or this is a 100.
  /// - Parameter recordRoute: copies Record-Route too, as a response that makes a dialog must (RFC 3261 12.1.1).
  package init(to request: SIPRequest, status: Int, reason: String? = nil, toTag: String? = nil, recordRoute: Bool = false) {
    self.init(toHeaders: request.headers, status: status, reason: reason, toTag: toTag, recordRoute: recordRoute)
  }

  init(toHeaders request: SIPHeaders, status: Int, reason: String?, toTag: String?, recordRoute: Bool = false) {
    var headers = SIPHeaders()
    headers.reserve(fields: 12, bytes: 512)
    headers.copy(.via, from: request)
    if recordRoute { headers.copy(.recordRoute, from: request) }
    headers.copy(.from, from: request)
    if let toTag, status > 100 {
      headers.copyTo(from: request, addingTag: toTag)
    } else {
      headers.copy(.to, from: request)
    }
    headers.copy(.callID, from: request)
    headers.copy(.cseq, from: request)
    if status == 100 { headers.copy(.timestamp, from: request) }
    self.init(status: status, reason: reason, headers: headers)
  }

  package var isProvisional: Bool { status < 200 }
  package var isSuccess: Bool { status >= 200 && status < 300 }
  package var isFinal: Bool { status >= 200 }
}

/// A SIP message.
package enum SIPMessage: Hashable, Sendable {
  case request(SIPRequest)
  case response(SIPResponse)

  package var headers: SIPHeaders {
    get {
      switch self {
      case .request(let request): request.headers
      case .response(let response): response.headers
      }
    }
    set {
      switch self {
      case .request(var request):
        request.headers = newValue
        self = .request(request)
      case .response(var response):
        response.headers = newValue
        self = .response(response)
      }
    }
  }

  package var body: [UInt8] {
    switch self {
    case .request(let request): request.body
    case .response(let response): response.body
    }
  }
}

extension SIPHeaders: Hashable {
  package func hash(into hasher: inout Hasher) {
    for field in fields {
      hasher.combine(field.name)
      text[field.valueRange].withUnsafeBytes { hasher.combine(bytes: $0) }
    }
  }

  /// Copies To; a To without a tag gets one.
  ///
  /// A To that cannot be parsed is copied as it is.
  mutating func copyTo(from request: SIPHeaders, addingTag tag: String) {
    guard let field = request.firstField(.to), let address = try? request.to(), address.tag == nil else {
      return copy(.to, from: request)
    }
    // The address in brackets or not, parameters at the end belong to the header field: appending is enough.
    add(.to, RawValue(bytes: request.text[field.valueRange], suffix: ";tag=\(tag)"))
  }
}

/// Bytes of another message with something behind them.
private struct RawValue: SIPHeaderValue {
  let bytes: ArraySlice<UInt8>
  let suffix: String

  func write(to output: inout [UInt8]) {
    output.append(contentsOf: bytes)
    output.append(text: suffix)
  }
}
