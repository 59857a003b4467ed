/// The challenges a leg has been given, and the credentials that answer them (RFC 3261 §22).
///
/// They are used again in later requests of the leg with growing counts, so that a BYE is not challenged anew.
struct ChallengeAnswers: Sendable {
  private struct Entry: Sendable {
    let header: HeaderName
    let realm: String
    var challenges: [DigestChallenge]
    var uses: UInt32
  }

  private var entries: [Entry] = []

  /// Takes the challenges of a 401 or 407; nil when they cannot be answered: no credentials, or the ones sent were wrong.
  ///
  /// - Parameter answered: the realms that this request has answered already.
  /// - Returns: the realms it has answered once it is sent again.
  mutating func absorb(_ response: SIPResponse, credentials: [SIPCredentials], answered: [String]) -> [String]? {
    let isProxy = response.status == 407
    let challenges = response.headers.digestChallenges(isProxy ? .proxyAuthenticate : .wwwAuthenticate)
    let header: HeaderName = isProxy ? .proxyAuthorization : .authorization
    var realms = answered
    var hasNew = false
    for challenge in challenges where !realms[answered.count...].contains(challenge.realm) {
      guard ChallengeAnswers.credentials(for: challenge.realm, among: credentials) != nil else { continue }
      if answered.contains(challenge.realm), !challenge.isStale { return nil }
      let own = challenges.filter { $0.realm == challenge.realm }
      entries.removeAll { $0.header == header && $0.realm == challenge.realm }
      entries.append(Entry(header: header, realm: challenge.realm, challenges: own, uses: 0))
      realms.append(challenge.realm)
      hasNew = true
    }
    // A chain of stale challenges must end.
    return hasNew && realms.count <= 8 ? realms : nil
  }

  /// Puts the credentials on a request.
  mutating func authorize(_ request: inout SIPRequest, credentials: [SIPCredentials], cnonce: @autoclosure () -> String) {
    guard !entries.isEmpty else { return }
    request.headers.remove(.authorization)
    request.headers.remove(.proxyAuthorization)
    for index in entries.indices {
      guard let own = ChallengeAnswers.credentials(for: entries[index].realm, among: credentials) else { continue }
      entries[index].uses &+= 1
      guard
        let value = DigestCredentials(
          answering: entries[index].challenges, username: own.user, secret: .password(own.password), method: request.method,
          uri: request.uri, body: request.body, cnonce: cnonce(), nonceCount: entries[index].uses)
      else { continue }
      request.headers.add(entries[index].header, value)
    }
  }

  private static func credentials(for realm: String, among credentials: [SIPCredentials]) -> SIPCredentials? {
    credentials.first { $0.realm == realm } ?? credentials.first { $0.realm == nil }
  }
}
