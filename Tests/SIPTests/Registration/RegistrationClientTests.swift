import SIP
import Testing

/// The client alone: what it sends for each class of response.
struct RegistrationClientTests {
  private static let flow = Flow(
    transport: .tcp, id: 7, local: SIPAddress(host: "192.0.2.1", port: 40000), remote: SIPAddress(host: "192.0.2.9", port: 5060))
  private static let secondHost = "b.example.com"

  private static func trunk(_ change: (inout SIPTrunk) -> Void = { _ in }) throws -> SIPTrunk {
    var trunk = SIPTrunk(name: "pbx")
    var registration = SIPTrunk.Registration(
      registrars: [try SIPURI(parsing: "sip:a.example.com;transport=tcp"), try SIPURI(parsing: "sip:\(secondHost):5080")], user: "gw")
    registration.instance = "urn:uuid:00000000-0000-1000-8000-00000000000a"
    trunk.registration = registration
    trunk.credentials = SIPCredentials(user: "gw", password: "secret")
    change(&trunk)
    return trunk
  }

  private static func client(_ change: (inout SIPTrunk) -> Void = { _ in }) throws -> RegistrationClient {
    try #require(RegistrationClient(try trunk(change), seed: 1))
  }

  private static func response(_ status: Int, _ headers: [(HeaderName, String)] = []) -> SIPResponse {
    var response = SIPResponse(status: status)
    for (name, value) in headers { response.headers.add(name, value) }
    return response
  }

  private static func challenge(_ nonce: String, stale: Bool = false, algorithm: String = "MD5") -> (HeaderName, String) {
    (.wwwAuthenticate, "Digest realm=\"r\", nonce=\"\(nonce)\", algorithm=\(algorithm), qop=\"auth\"\(stale ? ", stale=TRUE" : "")")
  }

  private static func contact(expires: Int, line: String = "token") -> (HeaderName, String) {
    (.contact, "<sip:gw@192.0.2.1;line=\(line)>;expires=\(expires)")
  }

  private static func receive(
    _ response: SIPResponse, _ client: inout RegistrationClient, _ sent: RegistrationClient.Outgoing?, at now: Duration = .zero
  )
    -> RegistrationClient.Outgoing?
  {
    client.receive(response, on: flow, from: sent?.destination ?? .flow(flow), token: "token", now: now)
  }

  private static func registered(expires: Int = 600, _ change: (inout SIPTrunk) -> Void = { _ in }) throws -> RegistrationClient {
    var client = try client(change)
    let sent = client.start(now: .zero)
    #expect(receive(response(200, [contact(expires: expires)]), &client, sent) == nil)
    return client
  }

  /// What is there, after a change that made it.
  private static func need<Value>(_ value: Value?) throws -> Value { try #require(value) }

  // MARK: The first REGISTER

  @Test func theFirstRegister() throws {
    var client = try Self.client()
    #expect(client.kind == .unregistered)
    let sent = try Self.need(client.start(now: .zero))
    #expect(client.kind == .trying)
    #expect(sent.request.method == .register)
    #expect(sent.request.uri.description == "sip:a.example.com")
    #expect(try sent.request.headers.to().uri.description == "sip:gw@a.example.com")
    #expect(try sent.request.headers.from().tag != nil)
    #expect(sent.request.headers[.expires] == "600")
    #expect(sent.request.headers.has(.supported, "outbound") && sent.request.headers.has(.supported, "path"))
    #expect(sent.destination == .uri(try SIPURI(parsing: "sip:a.example.com;transport=tcp")))
    #expect(sent.expires == 600 && sent.usesOutbound)
  }

  @Test func domainAndProxyAreTold() throws {
    var client = try Self.client {
      $0.domain = "example.com"
      $0.outboundProxy = try? SIPURI(parsing: "sip:proxy.example.com")
    }
    let sent = try Self.need(client.start(now: .zero))
    #expect(sent.request.uri.description == "sip:example.com")
    #expect(try sent.request.headers.to().uri.description == "sip:gw@example.com")
    #expect(sent.request.headers[.route] == "<sip:proxy.example.com;lr>")
    #expect(sent.destination == .uri(try SIPURI(parsing: "sip:proxy.example.com")))
  }

  @Test func eachRegisterHasTheCallIDAndTheNextNumber() throws {
    var client = try Self.client()
    let first = try Self.need(client.start(now: .zero))
    let second = try Self.need(Self.receive(Self.response(401, [Self.challenge("n")]), &client, first))
    #expect(first.request.headers.callID == second.request.headers.callID)
    #expect(first.request.headers.fromTag == second.request.headers.fromTag)
    #expect(try first.request.headers.cseq().number + 1 == second.request.headers.cseq().number)
  }

  // MARK: Expiry

  @Test(arguments: [
    ([(HeaderName.contact, "<sip:gw@192.0.2.1;line=token>;expires=300")], 300),
    ([(.contact, "<sip:else@192.0.2.7>;expires=50, <sip:gw@192.0.2.1;line=token>;expires=120")], 120),
    ([(.contact, "<sip:gw@203.0.113.1:61000>;expires=90")], 90),
    ([(.contact, "<sip:else@192.0.2.7>;expires=50, <sip:other@192.0.2.8>;expires=60"), (.expires, "200")], 200),
    ([(.expires, "1800")], 1800), ([], 600),
  ])
  func expiryIsWhatTheRegistrarGrants(headers: [(HeaderName, String)], seconds: Int) throws {
    var client = try Self.client()
    let sent = client.start(now: .seconds(10))
    #expect(Self.receive(Self.response(200, headers), &client, sent, at: .seconds(10)) == nil)
    #expect(client.kind == .registered)
    #expect(client.expiry == .seconds(10 + seconds))
  }

  /// There is time for one time-out and a second try, or half of the time where it is short.
  @Test(arguments: [20, 60, 120, 600, 3600]) func refreshLeavesTimeForASecondTry(expires: Int) throws {
    for seed in UInt64(0)..<50 {
      var client = try #require(RegistrationClient(try Self.trunk(), seed: seed))
      let sent = client.start(now: .zero)
      _ = Self.receive(Self.response(200, [Self.contact(expires: expires)]), &client, sent)
      let refresh = try #require(client.deadline)
      #expect(refresh >= .seconds(expires) / 2)
      #expect(refresh <= .seconds(expires) - min(.seconds(37), .seconds(expires) / 2))
      #expect(refresh <= .seconds(expires) * 9 / 10)
    }
  }

  @Test func refreshesOfManyDoNotMarchInStep() throws {
    var times = Set<Duration>()
    for seed in UInt64(0)..<50 {
      var client = try #require(RegistrationClient(try Self.trunk(), seed: seed))
      let sent = client.start(now: .zero)
      _ = Self.receive(Self.response(200, [Self.contact(expires: 3600)]), &client, sent)
      times.insert(try #require(client.deadline))
    }
    #expect(times.count > 20)
  }

  @Test func aRefreshGoesOverTheFlow() throws {
    var client = try Self.registered()
    let refresh = try #require(client.deadline)
    #expect(client.advance(to: refresh - .milliseconds(1)) == nil)
    let sent = try Self.need(client.advance(to: refresh))
    #expect(sent.destination == .flow(Self.flow))
    #expect(client.kind == .registered)
  }

  @Test func tooBriefIsAskedAgainWithMore() throws {
    var client = try Self.client()
    let first = client.start(now: .zero)
    let second = try Self.need(Self.receive(Self.response(423, [(.minExpires, "1200")]), &client, first))
    #expect(second.expires == 1200 && second.request.headers[.expires] == "1200")
    // A registrar that contradicts itself ends the attempt.
    #expect(Self.receive(Self.response(423, [(.minExpires, "1200")]), &client, second) == nil)
    #expect(client.kind == .failed)
    #expect(client.lastError?.contains("423") == true)
  }

  // MARK: Authentication

  @Test(arguments: [401, 407], ["MD5", "SHA-256", "MD5-sess"])
  func aChallengeIsAnsweredWhereItCameFrom(status: Int, algorithm: String) throws {
    var client = try Self.client()
    let first = client.start(now: .zero)
    var (name, value) = Self.challenge("n1", algorithm: algorithm)
    if status == 407 { name = .proxyAuthenticate }
    let server = Destination.server(LocatedServer(transport: .udp, address: SIPAddress(host: "192.0.2.30", port: 5060)))
    let second = try Self.need(
      client.receive(Self.response(status, [(name, value)]), on: Self.flow, from: server, token: "token", now: .zero))
    #expect(second.destination == server)
    let credentials = try #require(
      second.request.headers.digestCredentials(status == 401 ? .authorization : .proxyAuthorization, realm: "r"))
    #expect(credentials.username == "gw" && credentials.nonceCount == 1 && credentials.quality == .auth)
    #expect(
      credentials.response == credentials.expectedResponse(secret: .password("secret"), method: "REGISTER", body: []))
    #expect(Self.receive(Self.response(200), &client, second) == nil)
    #expect(client.kind == .registered)
    _ = first
  }

  @Test func theNonceServesAgainUntilItIsStale() throws {
    var client = try Self.client()
    let first = client.start(now: .zero)
    let second = Self.receive(Self.response(401, [Self.challenge("n1")]), &client, first)
    _ = Self.receive(Self.response(200), &client, second)
    let refresh = try Self.need(client.advance(to: Self.need(client.deadline)))
    let credentials = try #require(refresh.request.headers.digestCredentials(.authorization, realm: "r"))
    #expect(credentials.nonce == "n1" && credentials.nonceCount == 2)
    let again = try Self.need(Self.receive(Self.response(401, [Self.challenge("n2", stale: true)]), &client, refresh))
    let fresh = try #require(again.request.headers.digestCredentials(.authorization, realm: "r"))
    #expect(fresh.nonce == "n2" && fresh.nonceCount == 1)
  }

  @Test func wrongPasswordEndsTheAttempt() throws {
    var client = try Self.client()
    let first = client.start(now: .zero)
    let second = Self.receive(Self.response(401, [Self.challenge("n1")]), &client, first)
    #expect(Self.receive(Self.response(401, [Self.challenge("n2")]), &client, second) == nil)
    #expect(client.kind == .failed)
    #expect(client.lastError?.contains("wrong user or password") == true)
    let wait = try #require(client.deadline)
    #expect(wait >= .seconds(30) && wait <= .seconds(60))
  }

  @Test func aServerThatIsNeverContentIsLeft() throws {
    var client = try Self.client()
    var sent = client.start(now: .zero)
    var count = 0
    while sent != nil, count < 100 {
      count += 1
      sent = Self.receive(Self.response(401, [Self.challenge("n\(count)", stale: true)]), &client, sent)
    }
    #expect(count < 20)
    #expect(client.kind == .failed)
  }

  @Test func withoutAPasswordAChallengeCannotBeAnswered() throws {
    var client = try Self.client { $0.credentials = nil }
    let sent = client.start(now: .zero)
    #expect(Self.receive(Self.response(401, [Self.challenge("n1")]), &client, sent) == nil)
    #expect(client.lastError?.contains("no password") == true)
  }

  // MARK: Other servers

  @Test(arguments: [408, 430, 500, 503, 504]) func theNextRegistrarIsTried(status: Int) throws {
    var client = try Self.client()
    let first = client.start(now: .zero)
    let second = try Self.need(Self.receive(Self.response(status), &client, first))
    #expect(second.request.uri.description == "sip:\(Self.secondHost):5080")
    #expect(try second.request.headers.to().uri.description == "sip:gw@\(Self.secondHost)")
    #expect(second.destination == .uri(try SIPURI(parsing: "sip:\(Self.secondHost):5080")))
    #expect(Self.receive(Self.response(200), &client, second) == nil)
    #expect(client.serverIndex == 1)
    #expect(client.kind == .registered && client.lastError == nil)
  }

  @Test func silenceAndUnreachabilityToo() throws {
    var client = try Self.client()
    _ = client.start(now: .zero)
    #expect(client.failed("it does not answer", now: .seconds(32)) != nil)
    #expect(client.failed("it cannot be reached", now: .seconds(64)) == nil)
    #expect(client.kind == .failed && client.failures == 1)
    #expect(client.lastError == "it cannot be reached")
  }

  @Test(arguments: [400, 403, 404, 405, 420, 484, 600, 603, 604]) func aRefusalIsFinalForNow(status: Int) throws {
    var client = try Self.client()
    let sent = client.start(now: .zero)
    #expect(Self.receive(Self.response(status), &client, sent) == nil)
    #expect(client.kind == .failed)
    let wait = try #require(client.deadline)
    #expect(wait >= .seconds(30) && wait <= .seconds(60))
    #expect(client.advance(to: wait) != nil)
  }

  @Test func retryAfterIsKept() throws {
    var client = try Self.client { $0.registration?.registrars.removeLast() }
    let sent = client.start(now: .zero)
    #expect(Self.receive(Self.response(503, [(.retryAfter, "900 (busy);duration=60")]), &client, sent) == nil)
    #expect(client.deadline == .seconds(900))
  }

  @Test func retryAfterOfAYearIsNot() throws {
    var client = try Self.client { $0.registration?.registrars.removeLast() }
    let sent = client.start(now: .zero)
    #expect(Self.receive(Self.response(503, [(.retryAfter, "31536000")]), &client, sent) == nil)
    #expect(client.deadline == .seconds(3600))
  }

  @Test func waitsGrowAndStayWithinBounds() throws {
    var client = try Self.client { $0.registration?.registrars.removeLast() }
    var now = Duration.zero
    var sent = client.start(now: now)
    for failures in 1...12 {
      sent = Self.receive(Self.response(503), &client, sent, at: now)
      #expect(sent == nil)
      let bound = Duration.seconds(min(1800, 30 << failures))
      let wait = try #require(client.deadline) - now
      #expect(wait >= bound / 2 && wait <= bound)
      now = try #require(client.deadline)
      sent = client.advance(to: now)
      #expect(sent != nil)
    }
    _ = Self.receive(Self.response(200), &client, sent, at: now)
    #expect(client.failures == 0)
  }

  @Test func aRedirectionIsFollowedOnce() throws {
    var client = try Self.client { $0.registration?.registrars.removeLast() }
    let first = client.start(now: .zero)
    let moved = Self.response(302, [(.contact, "<sip:c.example.com:5070;transport=tcp>")])
    let second = try Self.need(Self.receive(moved, &client, first))
    #expect(second.request.uri.description == "sip:c.example.com:5070")
    #expect(second.destination == .uri(try SIPURI(parsing: "sip:c.example.com:5070;transport=tcp")))
    #expect(Self.receive(moved, &client, second) == nil)
    #expect(client.kind == .failed)
  }

  @Test func anAgentThatLacksOutboundIsServedWithout() throws {
    var client = try Self.client()
    let first = try Self.need(client.start(now: .zero))
    #expect(first.usesOutbound)
    let second = try Self.need(Self.receive(Self.response(439), &client, first))
    #expect(!second.usesOutbound && !second.request.headers.has(.supported, "outbound"))
  }

  @Test func outboundIsAcceptedWhenTheRegistrarSaysSo() throws {
    var client = try Self.client()
    let sent = client.start(now: .zero)
    _ = Self.receive(Self.response(200, [(.require, "outbound"), (.flowTimer, "50")]), &client, sent)
    #expect(client.isOutboundAccepted && client.flowTimer == 50)
    let plain = try Self.registered()
    #expect(!plain.isOutboundAccepted && plain.flowTimer == nil)
  }

  // MARK: Flow, address, end

  /// RFC 5626 §4.5: not at once, or thousands would come back together.
  @Test func aLostFlowIsReplacedAfterAWhile() throws {
    var client = try Self.registered()
    client.flowLost(Self.flow, now: .seconds(100))
    #expect(client.kind == .failed)
    let retry = try #require(client.deadline)
    #expect(retry >= .seconds(115) && retry <= .seconds(130))
    let sent = try Self.need(client.advance(to: retry))
    #expect(sent.destination == .uri(try SIPURI(parsing: "sip:a.example.com;transport=tcp")))
  }

  @Test func anotherFlowIsNoneOfOurs() throws {
    var client = try Self.registered()
    var other = Self.flow
    other.id = 8
    client.flowLost(other, now: .seconds(100))
    #expect(client.kind == .registered)
  }

  @Test func anotherAddressIsRegisteredAtOnce() throws {
    var client = try Self.registered()
    #expect(client.addressChanged(now: .seconds(5)) != nil)
    // While a REGISTER is under way, the next follows it.
    let sent = client.addressChanged(now: .seconds(5))
    #expect(sent == nil)
    #expect(Self.receive(Self.response(200), &client, nil, at: .seconds(6)) != nil)
  }

  @Test func stopTakesTheRegistrationBack() throws {
    var client = try Self.registered()
    let sent = try Self.need(client.stop(now: .seconds(1)))
    #expect(sent.expires == 0 && sent.request.headers[.expires] == "0")
    #expect(sent.destination == .flow(Self.flow))
    #expect(!client.isIdle)
    let again = try Self.need(Self.receive(Self.response(401, [Self.challenge("n")]), &client, sent, at: .seconds(1)))
    #expect(again.expires == 0)
    #expect(Self.receive(Self.response(200), &client, again, at: .seconds(1)) == nil)
    #expect(client.isIdle && client.kind == .unregistered && client.deadline == nil)
  }

  @Test func stopDuringARegisterWaitsForItsAnswer() throws {
    var client = try Self.client()
    let sent = client.start(now: .zero)
    #expect(client.stop(now: .zero) == nil)
    let removal = try Self.need(Self.receive(Self.response(200), &client, sent))
    #expect(removal.expires == 0)
    _ = client.failed("silence", now: .seconds(32))
    #expect(client.isIdle)
  }

  @Test func stopWhileNothingIsRegisteredIsTheEnd() throws {
    var client = try Self.client()
    #expect(client.stop(now: .zero) == nil)
    #expect(client.isIdle)
    _ = client.start(now: .zero)
    #expect(client.failed("silence", now: .seconds(32)) != nil)
    #expect(client.failed("silence", now: .seconds(64)) == nil)
    #expect(client.stop(now: .seconds(64)) == nil)
    #expect(client.isIdle && client.deadline == nil)
  }
}
