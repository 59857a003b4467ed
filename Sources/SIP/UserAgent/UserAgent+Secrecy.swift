// Keys of secure media stand in session descriptions (RFC 4568): only TLS may carry those.
extension UserAgent {
  /// Whether what we say next in this call goes to its next hop over TLS.
  package func isPrivate(_ leg: LegID) -> Bool {
    guard let leg = legs[leg] else { return false }
    if case .flow(let flow) = leg.path { return flow.transport == .tls }
    switch leg.phase {
    case .calling(let call), .cancelling(let call, _): return isPrivate(call.invite)
    case .ringing(let call): return call.dialog.nextHop.transportKind == .tls
    case .established(let session): return session.dialog.nextHop.transportKind == .tls
    case .closing, .over: return false
    }
  }

  /// Whether a call that is to be placed goes over TLS, whichever of its hops takes it.
  package func isPrivate(_ invite: OutgoingInvite) -> Bool {
    let invite = trunk(for: invite).map { prepared(invite, for: $0) } ?? invite
    let first = invite.destination ?? .uri(invite.route.first?.uri ?? invite.uri)
    return ([first] + invite.furtherHops.map(\.destination)).allSatisfy { $0.transport == .tls }
  }
}

extension SIPMessage {
  /// The message without `a=crypto` lines: the last resort, should a message with keys ever come to take another way than TLS.
  func withoutKeys() -> SIPMessage? {
    switch self {
    case .request(var request):
      guard let body = SIPMessage.withoutKeys(request.body) else { return nil }
      request.body = body
      return .request(request)
    case .response(var response):
      guard let body = SIPMessage.withoutKeys(response.body) else { return nil }
      response.body = body
      return .response(response)
    }
  }

  private static let keyLine = Array("a=crypto:".utf8)

  /// nil: there are none.
  private static func withoutKeys(_ body: [UInt8]) -> [UInt8]? {
    guard hasKeys(body) else { return nil }
    let lines = body.split(separator: 0x0a, omittingEmptySubsequences: false)
    return Array(lines.filter { !$0.starts(with: keyLine) }.joined(separator: [0x0a]))
  }

  private static func hasKeys(_ body: [UInt8]) -> Bool {
    var start = 0
    while start + keyLine.count < body.count {
      if body[start] == 0x61, start == 0 || body[start - 1] == 0x0a, body[start...].starts(with: keyLine) { return true }
      start += 1
    }
    return false
  }
}
