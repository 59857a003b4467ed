// Who may call and register (RFC 3261 §22).
extension UserAgent {
  /// On what ground a request is let in; nil: it was answered.
  mutating func admit(_ request: SIPRequest, _ fields: MessageFields, _ flow: Flow, now: Duration) -> PeerIdentity? {
    if isTrusted(flow) { return .trustedNetwork }
    guard configuration.requiresAuthentication else { return .unverified }
    guard let credentials = request.headers.digestCredentials(.authorization, realm: configuration.realm) else {
      counters.challenged += 1
      outputs.report(.attemptRefused(.challenged(method: request.method.name), flow))
      challenge(request, fields, flow, isStale: false, now: now)
      return nil
    }
    let secret = passwords[credentials.username].map { DigestSecret.password($0) }
    switch authenticator.verify(credentials, request: request, secret: secret, now: now) {
    case .authenticated(let username):
      return .account(username)
    case .stale:
      counters.challenged += 1
      challenge(request, fields, flow, isStale: true, now: now)
    case .refused(let username, _):
      counters.wrongCredentials += 1
      outputs.report(.attemptRefused(.wrongCredentials(user: username), flow))
      challenge(request, fields, flow, isStale: false, now: now)
    case .malformed:
      counters.malformed += 1
      outputs.report(.attemptRefused(.malformed("Authorization"), flow))
      respondStatelessly(400, reason: "Malformed Authorization", to: request, fields, flow)
    }
    return nil
  }

  func isTrusted(_ flow: Flow) -> Bool {
    guard !configuration.trusted.isEmpty, let address = IPAddress(flow.remote.host) else { return false }
    return configuration.trusted.contains { $0.contains(address) }
  }

  private mutating func challenge(_ request: SIPRequest, _ fields: MessageFields, _ flow: Flow, isStale: Bool, now: Duration) {
    let challenges = authenticator.challenges(isStale: isStale, now: now)
    respondStatelessly(401, to: request, fields, flow) { _, response in
      for challenge in challenges { response.headers.add(.wwwAuthenticate, challenge) }
    }
  }
}
