/// What a user agent server checks before it looks at what a request asks (RFC 3261 8.2, 16.3).
package struct RequestValidation: Sendable {
  package enum Result: Hashable, Sendable {
    case ok
    /// To be answered with this status; the fields belong in the response.
    case respond(status: Int, reason: String, headers: [ExtraHeader])
    /// Not to be answered: a malformed ACK.
    case drop(String)
  }

  package struct ExtraHeader: Hashable, Sendable {
    package var name: HeaderName
    package var value: String

    package init(_ name: HeaderName, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// What the server can do.
  package struct Policy: Sendable {
    /// Methods that are served; others we know of get 405, unknown ones 501, both with Allow.
    package var methods: [SIPMethod] = [.invite, .ack, .cancel, .bye, .options, .info, .register]
    /// Option tags that a Require may name.
    package var extensions: [String] = []
    /// Body types that INVITE and its kind may carry.
    package var contentTypes: [MediaType] = [.sdp]
    /// Body types that INFO may carry.
    package var infoTypes: [MediaType] = [.dtmfRelay, .dtmf]
    package var uriSchemes: [SIPURI.Scheme] = [.sip, .sips, .tel]

    package init() {}
  }

  package var policy: Policy

  package init(policy: Policy = Policy()) {
    self.policy = policy
  }

  /// Checks a request that was parsed.
  ///
  /// CANCEL and ACK are never asked for extensions (RFC 3261 8.2.2.3).
  package func check(_ request: SIPRequest) -> Result { check(request, nil) }

  /// `fields` are those of the request where they have been read already: what is in them is in good form.
  func check(_ request: SIPRequest, _ fields: MessageFields?) -> Result {
    do throws(SIPHeaderError) {
      try checkSyntax(request, fields)
    } catch {
      return refuse(request, 400, error.reasonPhrase)
    }
    if !policy.uriSchemes.contains(request.uri.scheme) { return refuse(request, 416) }
    if request.uri.escapedHeaders != nil { return refuse(request, 400, "Headers in Request-URI") }
    if !policy.methods.contains(request.method) {
      let allow = ExtraHeader(.allow, policy.methods.map(\.name).joined(separator: ", "))
      return refuse(request, request.method.isKnown ? 405 : 501, headers: [allow])
    }
    return checkExtensions(request) ?? checkContent(request) ?? .ok
  }

  /// The fields every request must have, each in good form, and once where it may stand once.
  private func checkSyntax(_ request: SIPRequest, _ known: MessageFields?) throws(SIPHeaderError) {
    let headers = request.headers
    let fields = if let known { known } else { try MessageFields(headers) }
    try checkParameters(fields.from, .from)
    try checkParameters(fields.to, .to)
    let callID = try headers.single(.callID)
    guard callID.valueCount > 0, headers.text[callID.valueRange].allSatisfy({ ByteSet.word.contains($0) || $0 == 0x40 }) else {
      throw SIPHeaderError(.callID, .syntax(SIPSyntaxError(expected: "a word, or two with '@'", offset: 0)))
    }
    guard fields.cseq.method == request.method else {
      throw SIPHeaderError(.cseq, .syntax(SIPSyntaxError(expected: "the method of the request", offset: 0)))
    }
    _ = try headers.maxForwards()
    _ = try headers.contentType()
    if headers.contains(.contact) { try checkContacts(request) }
    if headers.contains(.expires), headers.count(of: .expires) > 1 { throw SIPHeaderError(.expires, .repeated) }
    if headers.contains(.route) { _ = try headers.routes() }
    if headers.contains(.recordRoute) { _ = try headers.recordRoutes() }
  }

  private func checkParameters(_ address: NameAddress, _ name: HeaderName) throws(SIPHeaderError) {
    guard let twice = address.parameters.duplicatedName else { return }
    throw SIPHeaderError(name, .syntax(SIPSyntaxError(expected: "the parameter \(twice) once", offset: 0)))
  }

  private func checkContacts(_ request: SIPRequest) throws(SIPHeaderError) {
    let contacts = try request.headers.contacts()
    guard request.method != .register else { return }
    guard case .addresses(let addresses) = contacts else {
      throw SIPHeaderError(.contact, .syntax(SIPSyntaxError(expected: "an address; '*' is for REGISTER", offset: 0)))
    }
    // A dialog has one remote target (RFC 3261 8.1.1.8).
    if request.method == .invite, addresses.count > 1 { throw SIPHeaderError(.contact, .repeated) }
  }

  private func checkExtensions(_ request: SIPRequest) -> Result? {
    guard request.method != .ack, request.method != .cancel, request.headers.contains(.require) else { return nil }
    let unknown = request.headers.tokens(.require).filter { tag in
      !policy.extensions.contains { $0.equalsIgnoringCase(tag) }
    }
    guard !unknown.isEmpty else { return nil }
    return refuse(request, 420, headers: [ExtraHeader(.unsupported, unknown.joined(separator: ", "))])
  }

  private func checkContent(_ request: SIPRequest) -> Result? {
    if request.method == .invite, let accept = try? request.headers.accept(), !accept.contains(where: { $0.accepts(.sdp) }) {
      return refuse(request, 406)
    }
    guard !request.body.isEmpty else { return nil }
    if let encoding = request.headers[.contentEncoding], !encoding.isEmpty, !encoding.equalsIgnoringCase("identity") {
      return unlessOptional(request, refuse(request, 415, headers: [ExtraHeader(.acceptEncoding, "identity")]))
    }
    let allowed: [MediaType]
    switch request.method {
    case .invite, .update, .prack, .ack: allowed = policy.contentTypes
    case .info: allowed = policy.infoTypes
    default: return nil
    }
    let accept = ExtraHeader(.accept, allowed.map(\.name).joined(separator: ", "))
    guard let type = try? request.headers.contentType() else { return refuse(request, 415, headers: [accept]) }
    // Several bodies in one are looked into by whoever reads them (RFC 5621).
    if type.type == "multipart" || allowed.contains(where: { $0.isSame(as: type) }) { return nil }
    return unlessOptional(request, refuse(request, 415, headers: [accept]))
  }

  /// A body marked `handling=optional` may be left unread (RFC 3261 20.11).
  private func unlessOptional(_ request: SIPRequest, _ result: Result) -> Result? {
    guard let disposition = request.headers[.contentDisposition]?.lowercased() else { return result }
    return disposition.contains("handling=optional") ? nil : result
  }

  private func refuse(_ request: SIPRequest, _ status: Int, _ reason: String? = nil, headers: [ExtraHeader] = []) -> Result {
    if request.method == .ack { return .drop("an ACK that would get \(status) \(reason ?? "")") }
    return .respond(status: status, reason: reason ?? SIPStatus.reasonPhrase(status), headers: headers)
  }
}

extension SIPResponse {
  /// The response to a request that validation refuses; nil when it gets none.
  package init?(to request: SIPRequest, refusedBy result: RequestValidation.Result, toTag: String) {
    guard case .respond(let status, let reason, let headers) = result else { return nil }
    self.init(to: request, status: status, reason: reason, toTag: toTag)
    for header in headers { self.headers.add(header.name, header.value) }
  }
}

/// What a user agent client checks of a response before it matches a transaction (RFC 3261 8.1.3.3, 18.1.2).
package enum ResponseValidation {
  package enum Result: Hashable, Sendable {
    case ok
    /// To be dropped and counted; why.
    case drop(String)
  }

  package static func check(_ response: SIPResponse) -> Result {
    do throws(SIPHeaderError) {
      guard try response.headers.vias().count == 1 else { return .drop("more than one Via: not for us") }
      _ = try response.headers.from()
      _ = try response.headers.to()
      _ = try response.headers.single(.callID)
      _ = try response.headers.cseq()
      return .ok
    } catch {
      return .drop(error.description)
    }
  }
}
