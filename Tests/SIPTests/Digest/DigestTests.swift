import SIP
import Testing

@Suite struct DigestTests {
  // RFC 7616 3.9.1.
  @Test(arguments: [
    ("MD5", "8ca523f5e9506fed4657c9700eebdbec"), ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
  ])
  func rfc7616(_ algorithm: String, _ response: String) throws {
    let value = """
      Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm=\(algorithm), \
      nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", \
      qop=auth, response="\(response)", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"
      """
    let credentials = try #require(DigestCredentials(parsing: value))
    #expect(credentials.response == response)
    #expect(credentials.expectedResponse(secret: .password("Circle of Life"), method: "GET", body: []) == response)
    #expect(DigestCredentials(parsing: credentials.wireText) == credentials)
  }

  // RFC 2617 3.5, and the same without quality (RFC 2069).
  @Test(arguments: [
    (", qop=auth, nc=00000001, cnonce=\"0a4f113b\"", "6629fae49393a05397450978507c4ef1"), ("", "670fd8c2df070c60b045671b8b24ff02"),
  ])
  func rfc2617(_ rest: String, _ response: String) throws {
    let value = """
      Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", uri="/dir/index.html", \
      response="\(response)", opaque="5ccc069c403ebaf9f0171e9517f40e41"\(rest)
      """
    let credentials = try #require(DigestCredentials(parsing: value))
    #expect(credentials.expectedResponse(secret: .password("Circle Of Life"), method: "GET", body: []) == response)
  }

  // Computed with another implementation of MD5.
  @Test func integrityAndSessions() throws {
    let start = """
      Digest username="bob", realm="biloxi.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", uri="sip:bob@biloxi.com", response="0", \
      nc=00000001, cnonce="0a4f113b"
      """
    let integrity = try #require(DigestCredentials(parsing: start + ", qop=auth-int"))
    #expect(
      integrity.expectedResponse(secret: .password("zanzibar"), method: "INVITE", body: Array("v=0\r\n".utf8))
        == "77226bb823dc077c1ad3537415667bae")
    let session = try #require(DigestCredentials(parsing: start + ", qop=auth, algorithm=MD5-sess"))
    #expect(session.expectedResponse(secret: .password("zanzibar"), method: "INVITE", body: []) == "e4e4ea61d186d07a92c9e1f6919902e9")
  }

  @Test(arguments: [
    "", "Basic abc", "Digest", "Digest username=\"a\", realm=\"b\", nonce=\"c\", uri=\"d\", response=\"\\\"1To: \"",
    "Digest realm=\"x", "Digest username=\"a\", realm=\"b\"", "Digest username=\"a\" realm=\"b\"",
    "Digest username=\"a\", realm=\"b\", nonce=\"c\", uri=\"d\", response=\"e\", qop=auth",
    "Digest username=\"a\", realm=\"b\", nonce=\"c\", uri=\"d\", response=\"e\", algorithm=SHA3",
    "Digest username=\"a\", realm=\"b\", nonce=\"c\", uri=\"d\", response=\"e\", qop=auth, cnonce=\"1\", nc=100000000",
  ])
  func unreadable(_ value: String) {
    #expect(DigestCredentials(parsing: value) == nil)
  }
}

@Suite struct DigestAuthenticatorTests {
  let request = SIPRequest(method: .register, uri: SIPURI(host: "example.com"))
  let secret = DigestSecret.password("secret")

  func authenticator(capacity: Int = 16) -> DigestAuthenticator {
    DigestAuthenticator(realm: "kakehashi", key: Array(repeating: 7, count: 32), nonceLifetime: .seconds(60), capacity: capacity)
  }

  func answer(_ challenges: [DigestChallenge], count: UInt32 = 1, password: String = "secret") throws -> DigestCredentials {
    try #require(
      DigestCredentials(
        answering: challenges, username: "bob", secret: .password(password), method: request.method, uri: request.uri, cnonce: "c",
        nonceCount: count))
  }

  @Test func challengesStandInTheOrderOfRFC8760() {
    var server = authenticator()
    let challenges = server.challenges(now: .zero)
    #expect(challenges.map(\.algorithm) == [.sha256, .md5])
    #expect(challenges.allSatisfy { DigestChallenge(parsing: $0.wireText) == $0 })
    #expect(server.challenges(now: .zero)[0].nonce != challenges[0].nonce)
  }

  @Test func rightAndWrongSecrets() throws {
    var server = authenticator()
    let challenges = server.challenges(now: .zero)
    let right = try answer(challenges)
    #expect(server.verify(right, request: request, secret: nil, now: .zero) == .refused(username: "bob", nonceIsOurs: true))
    let wrong = try answer(challenges, password: "guess")
    #expect(server.verify(wrong, request: request, secret: secret, now: .zero) == .refused(username: "bob", nonceIsOurs: true))
    #expect(server.verify(right, request: request, secret: secret, now: .zero) == .authenticated(username: "bob"))
    var other = request
    other.method = .invite
    #expect(server.verify(right, request: other, secret: secret, now: .zero) == .refused(username: "bob", nonceIsOurs: true))
    other = request
    other.uri.host = "elsewhere"
    #expect(server.verify(right, request: other, secret: secret, now: .zero) == .malformed)
  }

  @Test func aNonceIsForWhomItWasGivenTo() throws {
    var server = authenticator()
    let challenges = server.challenges(source: "192.0.2.1", now: .zero)
    let right = try answer(challenges)
    let wrong = try answer(challenges, password: "guess")
    for (source, isOurs) in [("192.0.2.1", true), ("192.0.2.2", false), ("", false)] {
      let verdict = server.verify(wrong, request: request, secret: secret, source: source, now: .zero)
      #expect(verdict == .refused(username: "bob", nonceIsOurs: isOurs))
    }
    #expect(server.verify(right, request: request, secret: secret, source: "192.0.2.2", now: .zero) == .stale(username: "bob"))
    #expect(server.verify(right, request: request, secret: secret, source: "192.0.2.1", now: .zero) == .authenticated(username: "bob"))
  }

  @Test func anOldNonceProvesNothing() throws {
    var server = authenticator()
    let wrong = try answer(server.challenges(now: .zero), password: "guess")
    #expect(server.verify(wrong, request: request, secret: secret, now: .seconds(61)) == .refused(username: "bob", nonceIsOurs: false))
  }

  @Test func md5WithAHashedSecret() throws {
    var server = authenticator()
    let credentials = try answer([server.challenges(now: .zero)[1]])
    let hashed = DigestSecret.hashed(md5: DigestAlgorithm.md5.hexHash(Array("bob:kakehashi:secret".utf8)), sha256: nil)
    #expect(server.verify(credentials, request: request, secret: hashed, now: .zero) == .authenticated(username: "bob"))
    let sha = try answer(server.challenges(now: .zero))
    #expect(server.verify(sha, request: request, secret: hashed, now: .zero) == .refused(username: "bob", nonceIsOurs: true))
  }

  @Test func aCountServesOnceInAnyOrder() throws {
    var server = authenticator()
    let challenges = server.challenges(now: .zero)
    for count: UInt32 in [1, 3, 2, 70, 10] {
      #expect(
        server.verify(try answer(challenges, count: count), request: request, secret: secret, now: .zero) == .authenticated(username: "bob")
      )
    }
    for count: UInt32 in [1, 3, 2, 70, 10, 6] {
      #expect(server.verify(try answer(challenges, count: count), request: request, secret: secret, now: .zero) == .stale(username: "bob"))
    }
  }

  @Test func withoutQualityANonceServesOnce() throws {
    var server = authenticator()
    var challenge = server.challenges(now: .zero)[1]
    challenge.qualities = []
    let credentials = try answer([challenge])
    #expect(credentials.quality == nil)
    #expect(server.verify(credentials, request: request, secret: secret, now: .zero) == .authenticated(username: "bob"))
    #expect(server.verify(credentials, request: request, secret: secret, now: .zero) == .stale(username: "bob"))
  }

  @Test func noncesGrowOldAndBelongToAKey() throws {
    var server = authenticator()
    let challenges = server.challenges(now: .seconds(10))
    let credentials = try answer(challenges)
    #expect(server.verify(credentials, request: request, secret: secret, now: .seconds(71)) == .stale(username: "bob"))
    var other = DigestAuthenticator(realm: "kakehashi", key: Array(repeating: 8, count: 32))
    #expect(other.verify(credentials, request: request, secret: secret, now: .seconds(10)) == .stale(username: "bob"))
    let wrong = try answer(challenges, password: "guess")
    #expect(other.verify(wrong, request: request, secret: secret, now: .seconds(10)) == .refused(username: "bob", nonceIsOurs: false))
    #expect(server.verify(credentials, request: request, secret: secret, now: .seconds(70)) == .authenticated(username: "bob"))
  }

  @Test func whatIsForgottenIsNotTakenAgain() throws {
    var server = authenticator(capacity: 4)
    let first = try answer(server.challenges(now: .zero))
    #expect(server.verify(first, request: request, secret: secret, now: .zero) == .authenticated(username: "bob"))
    for _ in 0..<20 {
      let credentials = try answer(server.challenges(now: .zero))
      #expect(server.verify(credentials, request: request, secret: secret, now: .zero) == .authenticated(username: "bob"))
    }
    #expect(server.verify(first, request: request, secret: secret, now: .zero) == .stale(username: "bob"))
  }

  @Test(arguments: [
    ("sip:1@h", "sip:1@h", true), ("sip:1@h;transport=udp", "sip:1@h", true), ("sip:h", "sip:1@h", true), ("sip:1@h:5060", "sip:1@h", true),
    ("sip:2@h", "sip:1@h", false), ("sip:1@x", "sip:1@h", false), ("sip:1@h:5070", "sip:1@h:5060", false), ("nonsense", "sip:1@h", false),
    ("tel:+81-3", "tel:+813", true), ("tel:+814", "tel:+813", false),
  ])
  func digestURIs(_ text: String, _ uri: String, _ isRight: Bool) throws {
    var server = authenticator()
    let request = SIPRequest(method: .invite, uri: try SIPURI(parsing: uri))
    var credentials = try answer(server.challenges(now: .zero))
    credentials.uri = text
    credentials.response = try #require(credentials.expectedResponse(secret: secret, method: "INVITE", body: []))
    #expect((server.verify(credentials, request: request, secret: secret, now: .zero) == .authenticated(username: "bob")) == isRight)
  }
}
