import SIP
import Testing

/// New calls that are held back before any work is done for them.
struct AdmissionTests {
  private func network() -> VirtualNetwork {
    VirtualNetwork.pair { index, configuration in
      configuration.requiresAuthentication = index == 1
      configuration.accounts = [SIPAccount(user: "bob", password: "secret")]
      configuration.emergencyNumbers = ["110", "119"]
    }
  }

  @Test
  func newCallsGet503WithRetryAfterAndNothingIsKept() {
    let network = network()
    network.agents[1].admission = .closed(retryAfterSeconds: 7)
    network.call()
    network.run(until: .milliseconds(20))
    // No digest: not even a challenge.
    #expect(network.ladder == ["0 INVITE", "1 503 INVITE", "0 ACK"])
    #expect(network.responses(503).first?.headers[.retryAfter] == "7")
    #expect(network.agents[1].serverTransactionCount == 0)
    #expect(network.agents[1].isIdle)
    #expect(network.agents[1].statistics.notAdmitted == 1)
    #expect(network.names(1) == [])
  }

  @Test
  func repetitionGetsTheSameAnswer() {
    let network = network()
    network.agents[1].admission = .closed(retryAfterSeconds: 7)
    network.passes = { $0.sender == 1 }
    network.call()
    let invite = network.requests(.invite)[0]
    network.deliver(.request(invite), from: 0, to: 1)
    network.deliver(.request(invite), from: 0, to: 1)
    let answers = network.responses(503)
    #expect(answers.count == 2)
    #expect(answers[0] == answers[1])
  }

  @Test
  func callsThatWereTakenAndTheirRequestsGoOn() throws {
    let network = network()
    let caller = network.call(credentials: [SIPCredentials(user: "bob", password: "secret")])
    network.run(until: .seconds(1))
    network.agents[1].admission = .closed(retryAfterSeconds: 7)
    // The INVITE of a call that rings already comes again.
    network.deliver(.request(try #require(network.requests(.invite).last)), from: 0, to: 1)
    #expect(network.responses(503).isEmpty)
    network.agents[1].answer(try #require(network.incomingLeg), sdp: VirtualNetwork.answer, now: network.now)
    network.run(until: .seconds(2))
    network.react = { network, index, event in
      if case .offered(let leg, _) = event { network.agents[index].acceptOffer(leg, sdp: VirtualNetwork.answer, now: network.now) }
    }
    network.agents[0].offer(caller, sdp: VirtualNetwork.offer, now: network.now)
    network.run(until: .seconds(3))
    #expect(network.names(0) == ["answered sdp", "offerAnswered sdp"])
    network.agents[0].hangUp(caller, reason: nil, now: network.now)
    network.run()
    #expect(network.responses(503).isEmpty)
    #expect(network.isIdle)
  }

  @Test(arguments: ["sip:110@192.0.2.2", "sip:119@192.0.2.2;user=phone", "tel:110;phone-context=+81", "sip:1-1-0@192.0.2.2"])
  func emergencyCallsAreNeverHeldBack(_ uri: String) throws {
    let network = network()
    network.agents[1].admission = .closed(retryAfterSeconds: 7)
    var invite = network.invitation(credentials: [SIPCredentials(user: "bob", password: "secret")])
    invite.uri = try SIPURI(parsing: uri)
    invite.destination = .address(.udp, VirtualNetwork.address(1))
    _ = network.agents[0].invite(invite, now: network.now)
    network.run(until: .seconds(1))
    #expect(network.names(1).last == "incoming")
  }

  @Test
  func otherRequestsAreServed() {
    let network = network()
    network.agents[1].admission = .closed(retryAfterSeconds: 7)
    network.passes = { $0.sender == 1 }
    network.call()
    var options = network.requests(.invite)[0]
    options.method = .options
    options.body = []
    options.headers.remove(.contentType)
    options.headers.set(.cseq, CSeq(1, .options))
    network.deliver(.request(options), from: 0, to: 1)
    #expect(network.lastResponse?.status == 200)
  }
}
