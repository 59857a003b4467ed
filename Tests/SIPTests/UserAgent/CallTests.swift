import SIP
import Testing

/// Whole calls between two user agents on a network without faults.
struct CallTests {
  @Test(arguments: [SIPTransportKind.udp, .tcp, .tls])
  func callIsSetUpAndClearedByTheCaller(_ transport: SIPTransportKind) throws {
    let network = VirtualNetwork.pair(conditions: .init(transport: transport))
    let caller = network.call()
    network.run(until: .seconds(1))
    let callee = try #require(network.incomingLeg)
    network.agents[1].progress(callee, status: 183, sdp: VirtualNetwork.answer, now: network.now)
    network.run(until: .seconds(2))
    network.agents[1].answer(callee, sdp: VirtualNetwork.answer, now: network.now)
    network.run(until: .seconds(3))
    network.agents[0].hangUp(caller, reason: .q850(16, "Normal call clearing"), now: network.now)
    network.run()
    #expect(
      network.ladder == [
        "0 INVITE", "1 100 INVITE", "1 183 INVITE", "0 PRACK", "1 200 PRACK", "1 200 INVITE", "0 ACK", "0 BYE", "1 200 BYE",
      ])
    #expect(network.names(0) == ["provisional 183 sdp", "answered sdp", "ended here"])
    #expect(network.names(1) == ["incoming", "acknowledged", "ended bye"])
    guard case .ended(_, .bye(let reason))? = network.events[1].last else { return #expect(Bool(false)) }
    #expect(reason?.cause == 16)
    #expect(network.isIdle)
    #expect(network.astray.isEmpty)
  }

  @Test
  func calleeHangsUp() throws {
    let network = VirtualNetwork.pair()
    network.answersCalls()
    network.call()
    network.run(until: .seconds(1))
    network.agents[1].hangUp(try #require(network.incomingLeg), reason: nil, now: network.now)
    network.run()
    #expect(network.ladder.suffix(2) == ["1 BYE", "0 200 BYE"])
    #expect(network.names(0) == ["answered sdp", "ended bye"])
    #expect(network.isIdle)
  }

  @Test
  func refusalCarriesReasonAndIsAcknowledged() throws {
    let network = VirtualNetwork.pair()
    network.call()
    network.run(until: .seconds(1))
    network.agents[1].reject(try #require(network.incomingLeg), status: 486, reason: .q850(17, "User busy"), now: network.now)
    network.run()
    #expect(network.ladder == ["0 INVITE", "1 100 INVITE", "1 486 INVITE", "0 ACK"])
    guard case .failed(_, let failure)? = network.events[0].last else { return #expect(Bool(false)) }
    #expect(failure.status == 486)
    #expect(failure.reason?.cause == 17)
    #expect(failure.isFromPeer)
    #expect(network.names(1) == ["incoming", "ended here"])
    #expect(network.isIdle)
  }

  @Test
  func redirectionReportsItsContactsBestFirst() throws {
    let network = VirtualNetwork.pair()
    network.call()
    network.run(until: .milliseconds(1))
    let invite = try #require(network.requests(.invite).first)
    var response = SIPResponse(to: invite, status: 302, toTag: "r")
    response.headers.add(.contact, "<sip:second@192.0.2.9>;q=0.1, <sip:first@192.0.2.9>;q=0.9")
    network.passes = { $0.sender == 0 }
    network.deliver(.response(response), from: 1, to: 0)
    guard case .failed(_, let failure)? = network.events[0].last else { return #expect(Bool(false)) }
    #expect(failure.contacts.map(\.user) == ["first", "second"])
  }

  @Test
  func unansweredInviteTimesOutAfter64T1() {
    let network = VirtualNetwork.pair()
    network.passes = { _ in false }
    network.call()
    var failed: Duration?
    network.react = { network, _, _ in failed = network.now }
    network.run()
    #expect(network.names(0) == ["failed 408"])
    // Timer A doubles: 0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5 s; timer B ends it at 32 s.
    #expect(network.wire.map(\.time) == [0, 500, 1500, 3500, 7500, 15500, 31500].map { .milliseconds($0) })
    #expect(failed == .seconds(32))
    #expect(network.isIdle)
  }

  @Test
  func provisionalResponseDoesNotHoldTheCallForEver() {
    let network = VirtualNetwork.pair()
    network.call()
    network.run()
    // Nobody answers: the caller gives up after timer C, the callee is told by CANCEL.
    #expect(network.names(0) == ["failed 408"])
    #expect(network.names(1) == ["incoming", "ended cancelled"])
    #expect(network.requests(.cancel).count == 1)
    #expect(network.isIdle)
  }

  @Test
  func inviteWithoutOfferGetsTheOfferIn200AndAnswersInACK() throws {
    let network = VirtualNetwork.pair()
    network.answersCalls()
    let caller = network.call(sdp: nil)
    network.run(until: .seconds(1))
    #expect(network.names(0) == ["answered sdp"])
    #expect(network.requests(.ack).isEmpty)
    network.agents[0].acknowledge(caller, sdp: VirtualNetwork.answer, now: network.now)
    network.run(until: .seconds(2))
    #expect(network.names(1) == ["incoming", "acknowledged sdp"])
    guard case .incoming(_, let invite)? = network.events[1].first else { return #expect(Bool(false)) }
    #expect(invite.sdp == nil)
    network.agents[0].hangUp(caller, reason: nil, now: network.now)
    network.run()
    #expect(network.isIdle)
  }

  @Test
  func hangUpWhileTheAnswerIsOwedSendsACKThenBYE() {
    let network = VirtualNetwork.pair()
    network.answersCalls()
    let caller = network.call(sdp: nil)
    network.run(until: .milliseconds(100))
    network.agents[0].hangUp(caller, reason: nil, now: network.now)
    network.run()
    #expect(network.ladder.suffix(3) == ["0 ACK", "0 BYE", "1 200 BYE"])
    #expect(network.names(1) == ["incoming", "acknowledged", "ended bye"])
    #expect(network.isIdle)
  }

  @Test
  func lost200IsRepeatedUntilItsACK() {
    let network = VirtualNetwork.pair()
    network.answersCalls()
    var lost = 0
    network.passes = { sent in
      guard case .response(let response) = sent.message, response.status == 200, lost < 3 else { return true }
      lost += 1
      return false
    }
    network.call()
    network.run(until: .seconds(10))
    #expect(network.responses(200).count == 4)
    #expect(network.requests(.ack).count == 1)
    #expect(network.names(1) == ["incoming", "acknowledged"])
  }

  @Test
  func lostACKIsSentAgainForTheRepeated200() {
    let network = VirtualNetwork.pair()
    network.answersCalls()
    var lost = 0
    network.passes = { sent in
      guard case .request(let request) = sent.message, request.method == .ack, lost < 2 else { return true }
      lost += 1
      return false
    }
    network.call()
    network.run(until: .seconds(10))
    let acks = network.requests(.ack)
    #expect(acks.count == 3)
    #expect(Set(acks).count == 1)
    #expect(network.names(0) == ["answered sdp"])
    #expect(network.names(1) == ["incoming", "acknowledged"])
  }

  @Test
  func unacknowledged200EndsWithBYEAfter64T1() {
    let network = VirtualNetwork.pair()
    network.answersCalls()
    network.passes = { if case .request(let request) = $0.message { request.method != .ack } else { true } }
    network.call()
    network.run()
    #expect(network.names(1) == ["incoming", "ended unacknowledged"])
    #expect(network.names(0) == ["answered sdp", "ended bye"])
    #expect(network.isIdle)
  }

  @Test
  func calleeThatHangsUpBeforeTheACKWaitsForIt() throws {
    let network = VirtualNetwork.pair(conditions: .init(delayMilliseconds: 50...50))
    network.react = { network, index, event in
      guard index == 1, case .incoming(let leg, _) = event else { return }
      network.agents[1].answer(leg, sdp: VirtualNetwork.answer, now: network.now)
      network.agents[1].hangUp(leg, reason: nil, now: network.now)
    }
    network.call()
    network.run()
    #expect(network.ladder == ["0 INVITE", "1 100 INVITE", "1 200 INVITE", "0 ACK", "1 BYE", "0 200 BYE"])
    #expect(network.names(1) == ["incoming", "ended here"])
    #expect(network.isIdle)
  }

  @Test
  func crossingBYEsEndBothSidesOnce() throws {
    let network = VirtualNetwork.pair(conditions: .init(delayMilliseconds: 20...20))
    network.answersCalls()
    let caller = network.call()
    network.run(until: .seconds(1))
    network.agents[0].hangUp(caller, reason: nil, now: network.now)
    network.agents[1].hangUp(try #require(network.incomingLeg), reason: nil, now: network.now)
    network.run()
    #expect(network.requests(.bye).count == 2)
    #expect(network.responses(200).count == 3)
    #expect(network.names(0).filter { $0.hasPrefix("ended") } == ["ended here"])
    #expect(network.names(1).filter { $0.hasPrefix("ended") } == ["ended here"])
    #expect(network.isIdle)
  }

  @Test
  func identityTravelsBetweenThoseWhoTrustEachOtherOnly() throws {
    for trusted in [true, false] {
      let network = VirtualNetwork.pair { index, configuration in
        if index == 0 || trusted { configuration.trusted = [IPNetwork("192.0.2.0/24")].compactMap { $0 } }
      }
      var invite = network.invitation()
      invite.assertedIdentities = [NameAddress(uri: SIPURI(user: "+81312345678", host: "192.0.2.1"))]
      invite.privacy = ["id"]
      _ = network.agents[0].invite(invite, now: network.now)
      network.run(until: .seconds(1))
      guard case .incoming(_, let incoming)? = network.events[1].first else { return #expect(Bool(false)) }
      #expect(incoming.assertedIdentities.map(\.uri.user) == (trusted ? ["+81312345678"] : []))
      #expect(incoming.privacy == ["id"])
      #expect(incoming.identity == (trusted ? .trustedNetwork : .unverified))
      #expect(incoming.maxForwards == 70)
    }
  }

  @Test(arguments: [(["id"], false), (["none"], true), ([], true)])
  func privateIdentityIsNotToldToStrangers(_ privacy: [String], _ isTold: Bool) {
    let network = VirtualNetwork.pair()
    var invite = network.invitation()
    invite.assertedIdentities = [NameAddress(uri: SIPURI(user: "+81312345678", host: "192.0.2.1"))]
    invite.privacy = privacy
    _ = network.agents[0].invite(invite, now: network.now)
    network.drain()
    #expect(network.requests(.invite).first?.headers.contains(.pAssertedIdentity) == isTold)
  }

  @Test
  func closedConnectionEndsARingingCallAndMovesAnEstablishedOneToItsContact() throws {
    let network = VirtualNetwork.pair(conditions: .init(transport: .tcp))
    network.call()
    network.run(until: .seconds(1))
    network.agents[1].flowClosed(network.flow(at: 1, to: 0), now: network.now)
    network.drain()
    #expect(network.names(1) == ["incoming", "ended flow"])

    let other = VirtualNetwork.pair(conditions: .init(transport: .tcp))
    other.answersCalls()
    other.call()
    other.run(until: .seconds(1))
    other.agents[1].flowClosed(other.flow(at: 1, to: 0), now: other.now)
    other.agents[1].hangUp(try #require(other.incomingLeg), reason: nil, now: other.now)
    var destinations: [Destination] = []
    while let output = other.agents[1].nextOutput() {
      if case .transmit(.request, let destination) = output { destinations.append(destination) }
    }
    #expect(destinations == [.address(.tcp, VirtualNetwork.address(0))])
  }

  @Test
  func requestThatCannotBeSentFailsAtOnce() throws {
    let network = VirtualNetwork.pair()
    network.passes = { _ in false }
    network.call()
    let sent = try #require(network.wire.first?.message)
    network.agents[0].transmitFailed(sent, to: .address(.udp, VirtualNetwork.address(1)), now: network.now)
    network.run()
    #expect(network.names(0) == ["failed 503"])
    #expect(network.isIdle)
    #expect(network.agents[0].statistics.transportFailures == 1)
  }

  @Test
  func legsBeyondTheLimitGet503WithoutRetryAfter() {
    let network = VirtualNetwork.pair { index, configuration in
      if index == 1 { configuration.limits.legs = 1 }
    }
    network.call()
    network.call()
    network.run(until: .seconds(1))
    #expect(network.names(0).contains("failed 503"))
    #expect(network.responses(503).first?.headers.contains(.retryAfter) == false)
    #expect(network.agents[1].statistics.overloads == 1)
  }

  @Test
  func sameSeedReplaysTheSameBytes() {
    func bytes() -> [[UInt8]] {
      let network = VirtualNetwork.pair(seed: 7)
      network.answersCalls()
      network.call()
      network.run(until: .seconds(1))
      return network.wire.map { $0.message.serialize() }
    }
    #expect(bytes() == bytes())
  }
}
