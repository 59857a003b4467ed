import SIP
import Testing

/// Digest on both sides (RFC 3261 §22).
struct AuthenticationTests {
  private let account = SIPAccount(user: "bob", password: "secret")

  private func gateway(_ change: @escaping (inout UserAgentConfiguration) -> Void = { _ in }) -> VirtualNetwork {
    VirtualNetwork.pair { index, configuration in
      guard index == 1 else { return }
      configuration.requiresAuthentication = true
      configuration.accounts = [account]
      change(&configuration)
    }
  }

  @Test(arguments: [[DigestAlgorithm.sha256, .md5], [.md5], [.sha256]])
  func callIsLetInWithTheRightPassword(_ algorithms: [DigestAlgorithm]) throws {
    let network = gateway { $0.digestAlgorithms = algorithms }
    network.answersCalls()
    let caller = network.call(credentials: [SIPCredentials(user: "bob", password: "secret")])
    network.run(until: .seconds(1))
    #expect(network.names(1) == ["refused challenged INVITE", "incoming", "acknowledged"])
    guard case .incoming(_, let invite) = network.events[1][1] else { return #expect(Bool(false)) }
    #expect(invite.identity == .account("bob"))
    // No 100 to a request that is not let in, and nothing kept of it.
    #expect(network.ladder.prefix(4) == ["0 INVITE", "1 401 INVITE", "0 ACK", "0 INVITE"])
    #expect(network.agents[1].serverTransactionCount == 1)
    // The ACK carries the INVITE's credentials (RFC 3261 §13.2.2.4).
    #expect(network.requests(.ack).last?.headers.contains(.authorization) == true)
    network.agents[0].hangUp(caller, reason: nil, now: network.now)
    network.run()
    #expect(network.isIdle)
  }

  @Test
  func wrongPasswordFailsAfterOneTry() {
    let network = gateway()
    network.call(credentials: [SIPCredentials(user: "bob", password: "wrong")])
    network.run()
    #expect(network.names(0) == ["failed 401"])
    #expect(network.names(1) == ["refused challenged INVITE", "refused password bob"])
    #expect(network.requests(.invite).count == 2)
    #expect(network.agents[1].statistics.wrongCredentials == 1)
    #expect(network.isIdle)
  }

  @Test
  func unknownUserLooksLikeAWrongPassword() {
    let network = gateway()
    network.call(credentials: [SIPCredentials(user: "mallory", password: "secret")])
    network.run()
    #expect(network.names(0) == ["failed 401"])
    #expect(network.responses(401).count == 2)
    #expect(network.agents[1].activeLegs == 0)
  }

  @Test
  func callerWithoutCredentialsFailsWith401() {
    let network = gateway()
    network.call()
    network.run()
    #expect(network.names(0) == ["failed 401"])
    #expect(network.requests(.invite).count == 1)
    #expect(network.isIdle)
  }

  @Test
  func trustedNetworkNeedsNoPassword() throws {
    let network = gateway { $0.trusted = [IPNetwork("192.0.2.1")].compactMap { $0 } }
    network.call()
    network.run(until: .seconds(1))
    guard case .incoming(_, let invite)? = network.events[1].first else { return #expect(Bool(false)) }
    #expect(invite.identity == .trustedNetwork)
  }

  @Test
  func repeatedInviteWithTheSameCredentialsIsARepetitionNotAReplay() throws {
    let network = gateway()
    network.call(credentials: [SIPCredentials(user: "bob", password: "secret")])
    network.run(until: .seconds(1))
    let invite = try #require(network.requests(.invite).last)
    network.deliver(.request(invite), from: 0, to: 1)
    #expect(network.names(1).filter { $0 == "incoming" }.count == 1)
    #expect(network.responses(401).count == 1)
  }

  @Test
  func replayedCredentialsInANewRequestAreStale() throws {
    let network = gateway()
    network.call(credentials: [SIPCredentials(user: "bob", password: "secret")])
    network.run(until: .seconds(1))
    var invite = try #require(network.requests(.invite).last)
    invite.headers.set(.callID, "replayed")
    invite.headers.set(.via, Via(.udp, sentBy: VirtualNetwork.address(0), branch: "z9hG4bKreplayed"))
    network.deliver(.request(invite), from: 0, to: 1)
    #expect(network.responses(401).last?.headers.digestChallenges(.wwwAuthenticate).first?.isStale == true)
    #expect(network.names(1).filter { $0 == "incoming" }.count == 1)
  }

  @Test
  func byeThatIsChallengedIsSentAgainWithCredentials() throws {
    let network = VirtualNetwork.pair()
    network.answersCalls()
    let caller = network.call(credentials: [SIPCredentials(user: "bob", password: "secret")])
    network.run(until: .seconds(1))
    network.passes = { $0.sender == 0 && ($0.message.headers.contains(.proxyAuthorization) || network.requests(.bye).isEmpty) }
    network.agents[0].hangUp(caller, reason: nil, now: network.now)
    network.drain()
    let bye = try #require(network.requests(.bye).first)
    var challenge = SIPResponse(to: bye, status: 407)
    challenge.headers.add(.proxyAuthenticate, DigestChallenge(realm: "proxy", nonce: "n1", algorithm: .md5))
    network.deliver(.response(challenge), from: 1, to: 0)
    let second = try #require(network.requests(.bye).last)
    #expect(second.headers.digestCredentials(.proxyAuthorization, realm: "proxy")?.username == "bob")
    #expect(try second.headers.cseq().number == bye.headers.cseq().number + 1)
  }

  @Test
  func proxyAndServerAreAnsweredOneAfterTheOther() throws {
    let network = VirtualNetwork.pair()
    network.passes = { _ in false }
    let credentials = [
      SIPCredentials(realm: "proxy", user: "p", password: "1"), SIPCredentials(realm: "server", user: "s", password: "2"),
    ]
    network.call(credentials: credentials)
    let first = try #require(network.requests(.invite).last)
    var response = SIPResponse(to: first, status: 407, toTag: "a")
    response.headers.add(.proxyAuthenticate, DigestChallenge(realm: "proxy", nonce: "n1", algorithm: .sha256))
    network.deliver(.response(response), from: 1, to: 0)
    let second = try #require(network.requests(.invite).last)
    response = SIPResponse(to: second, status: 401, toTag: "b")
    response.headers.add(.wwwAuthenticate, DigestChallenge(realm: "server", nonce: "n2", algorithm: .md5))
    network.deliver(.response(response), from: 1, to: 0)
    let third = try #require(network.requests(.invite).last)
    #expect(third.headers.digestCredentials(.proxyAuthorization, realm: "proxy")?.nonceCount == 2)
    #expect(third.headers.digestCredentials(.authorization, realm: "server")?.username == "s")
    #expect(try third.headers.cseq().number == 3)
    // The same proxy again, not stale: the password is wrong.
    response = SIPResponse(to: third, status: 407, toTag: "c")
    response.headers.add(.proxyAuthenticate, DigestChallenge(realm: "proxy", nonce: "n3", algorithm: .sha256))
    network.deliver(.response(response), from: 1, to: 0)
    #expect(network.names(0) == ["failed 407"])
  }
}
