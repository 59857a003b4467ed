import Crypto

/// The server's side of digest authentication: issues nonces and judges credentials (RFC 3261 22, RFC 7616, RFC 8760).
///
/// ```
/// no credentials ─▶ challenge ─▶ credentials ─┬─ response right ─┬─ nonce ours, young, count fresh ─▶ .authenticated
///                                             │                  └─ else ─▶ .stale (challenge with stale=TRUE)
///                                             └─ response wrong, no such account ─▶ .refused (challenge again)
/// ```
package struct DigestAuthenticator: Sendable {
  package enum Verdict: Hashable, Sendable {
    case authenticated(username: String)
    /// The secret is known to the peer, the nonce is too old, used or not ours.
    case stale(username: String)
    /// - Parameter nonceIsOurs: true where the nonce was given to this source and is young; else the sender may be forged, as it has not
    ///   shown that it saw our challenge.
    case refused(username: String, nonceIsOurs: Bool)
    /// The digest-uri is not that of the request, or the credentials cannot be read.
    case malformed
  }

  package let realm: String
  /// Most preferred first; the default is SHA-256, then MD5.
  package let algorithms: [DigestAlgorithm]
  private let nonceLifetime: Duration
  private let key: SymmetricKey
  private let opaque: String
  private var serial: UInt64 = 0
  private var uses: DigestReplayTable

  /// - Parameter key: 32 random bytes; nonces of another key are stale.
  /// - Parameter nonceLifetime: the default is 300 s.
  /// - Parameter capacity: nonces in use that are remembered; the default is 4096.
  package init(
    realm: String, key: [UInt8], algorithms: [DigestAlgorithm] = [.sha256, .md5], nonceLifetime: Duration = .seconds(300),
    capacity: Int = 4096
  ) {
    self.realm = realm
    self.algorithms = algorithms
    self.nonceLifetime = nonceLifetime
    self.key = SymmetricKey(data: key)
    self.opaque = String(DigestAlgorithm.sha256.hexHash(key + Array(realm.utf8)).prefix(16))
    self.uses = DigestReplayTable(capacity: capacity)
  }

  /// The challenges of one 401 or 407: one an algorithm, in order, with one nonce.
  ///
  /// - Parameter source: whom it is given to (the address, without port); from elsewhere the nonce is stale.
  package mutating func challenges(isStale: Bool = false, source: String = "", now: Duration) -> [DigestChallenge] {
    serial += 1
    let nonce = DigestNonce(serial: serial, issued: now).text(key: key, source: source)
    return algorithms.map {
      DigestChallenge(realm: realm, nonce: nonce, opaque: opaque, algorithm: $0, qualities: [.auth, .authInt], isStale: isStale)
    }
  }

  /// Judges credentials.
  ///
  /// - Parameter secret: that of the account named; nil when there is none: the same work is done, and the verdict is `.refused`.
  /// - Parameter source: as in `challenges`.
  package mutating func verify(
    _ credentials: DigestCredentials, request: SIPRequest, secret: DigestSecret?, source: String = "", now: Duration
  ) -> Verdict {
    guard credentials.realm == realm, algorithms.contains(where: { $0.hash == credentials.algorithm.hash }),
      DigestURI.matches(credentials.uri, request.uri)
    else { return .malformed }
    var nonce = DigestNonce(credentials.nonce, key: key, source: source)
    if let issued = nonce?.issued, now < issued || now - issued > nonceLifetime { nonce = nil }
    let expected = credentials.expectedResponse(
      secret: secret ?? .password(opaque), method: request.method.name, body: request.body)
    let isRight = ConstantTime.equal(Array((expected ?? "").utf8), Array(credentials.response.utf8))
    guard isRight, secret != nil, expected != nil else {
      return .refused(username: credentials.username, nonceIsOurs: nonce != nil)
    }
    guard let nonce else { return .stale(username: credentials.username) }
    // An RFC 2069 peer has no counts: its nonce serves once.
    let count = credentials.quality == nil ? UInt32.max : credentials.nonceCount ?? 0
    guard uses.use(serial: nonce.serial, count: count) else { return .stale(username: credentials.username) }
    return .authenticated(username: credentials.username)
  }
}

/// Comparison of the digest-uri with the Request-URI, as lenient as peers need (RFC 3261 22.4 item 5 asks for equivalence).
enum DigestURI {
  /// True when both name the same user and host.
  ///
  /// Parameters, a port in one only, and a user left out of the digest-uri do not count: peers differ there, and proxies may have
  /// changed them.
  static func matches(_ text: String, _ uri: SIPURI) -> Bool {
    if text == uri.description { return true }
    guard let other = try? SIPURI(parsing: text) else { return false }
    if uri.scheme == .tel || other.scheme == .tel {
      return uri.telephoneSubscriber != nil && uri.telephoneSubscriber?.digits == other.telephoneSubscriber?.digits
    }
    guard uri.isSIP, other.isSIP, uri.host.equalsIgnoringCase(other.host) else { return false }
    if let port = uri.port, let otherPort = other.port, port != otherPort { return false }
    return other.escapedUser == nil || other.escapedUser == uri.escapedUser
  }
}
