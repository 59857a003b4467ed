import SIP
import Testing

/// UPDATE (RFC 3311), both ways, in early and in confirmed dialogs.
struct UpdateTests {
  private let changed = Array("v=0\r\no=a 1 2 IN IP4 192.0.2.1\r\n".utf8)

  /// A call whose offer and answer are exchanged reliably before it is answered.
  private func early(delay: Int = 1) throws -> (VirtualNetwork, LegID, LegID) {
    let network = VirtualNetwork.pair(conditions: .init(delayMilliseconds: delay...delay))
    let caller = network.call()
    network.run(until: .seconds(1))
    let callee = try #require(network.incomingLeg)
    network.agents[1].progress(callee, status: 183, sdp: VirtualNetwork.answer, now: network.now)
    network.run(until: .seconds(2))
    return (network, caller, callee)
  }

  private func established() throws -> (VirtualNetwork, LegID, LegID) {
    let network = VirtualNetwork.pair()
    network.answersCalls()
    let caller = network.call()
    network.run(until: .seconds(1))
    return (network, caller, try #require(network.incomingLeg))
  }

  private func acceptOffers(_ network: VirtualNetwork) {
    network.react = { network, index, event in
      guard case .offered(let leg, _) = event else { return }
      network.agents[index].acceptOffer(leg, sdp: VirtualNetwork.answer, now: network.now)
    }
  }

  @Test(arguments: [0, 1])
  func eitherSideChangesAnEarlySession(_ side: Int) throws {
    let (network, caller, callee) = try early()
    acceptOffers(network)
    network.agents[side].offer(side == 0 ? caller : callee, sdp: changed, now: network.now)
    network.run(until: .seconds(3))
    #expect(network.requests(.update).count == 1)
    #expect(network.names(side).last == "offerAnswered sdp")
    #expect(network.names(1 - side).last == "offered sdp")
    network.agents[1].answer(callee, sdp: VirtualNetwork.answer, now: network.now)
    network.run(until: .seconds(4))
    // The session was changed since: the 200 says nothing of it.
    #expect(network.responses(200).last?.body == [])
    network.agents[0].hangUp(caller, reason: nil, now: network.now)
    network.run()
    #expect(network.isIdle)
  }

  @Test
  func offerBeforeAnyAnswerWaitsForTheCallToBeAnswered() throws {
    let network = VirtualNetwork.pair()
    acceptOffers(network)
    let caller = network.call()
    network.run(until: .seconds(1))
    let callee = try #require(network.incomingLeg)
    network.agents[0].offer(caller, sdp: changed, now: network.now)
    network.agents[1].answer(callee, sdp: VirtualNetwork.answer, now: network.now)
    network.run(until: .seconds(2))
    #expect(network.requests(.update).isEmpty)
    #expect(network.requests(.invite).last?.body == changed)
    #expect(network.names(0) == ["answered sdp", "offerAnswered sdp"])
  }

  @Test
  func offersThatCrossGet491AndAreMadeAgain() throws {
    let (network, caller, callee) = try early(delay: 20)
    acceptOffers(network)
    network.agents[0].offer(caller, sdp: changed, now: network.now)
    network.agents[1].offer(callee, sdp: changed, now: network.now)
    network.run(until: .seconds(3))
    #expect(network.responses(491).count >= 2)
    network.agents[1].answer(callee, sdp: VirtualNetwork.answer, now: network.now)
    network.run(until: .seconds(20))
    #expect(network.names(0).contains("offerAnswered sdp"))
    #expect(network.names(1).contains("offerAnswered sdp"))
    network.agents[0].hangUp(caller, reason: nil, now: network.now)
    network.run()
    #expect(network.isIdle)
  }

  @Test
  func updateWithoutDescriptionRefreshesTheTargetAndTellsNobody() throws {
    let (network, _, callee) = try established()
    let update = network.within(.update, cseq: 5) { $0.headers.set(.contact, "<sip:moved@192.0.2.1:5060>") }
    network.deliver(.request(update), from: 0, to: 1)
    #expect(network.lastResponse?.status == 200)
    #expect(network.lastResponse?.headers.contains(.contact) == true)
    #expect(network.names(1) == ["incoming", "acknowledged"])
    network.agents[1].hangUp(callee, reason: nil, now: network.now)
    network.drain()
    #expect(network.requests(.bye).last?.uri.user == "moved")
  }

  @Test
  func updateWithOfferIsAnsweredByTheApplication() throws {
    let (network, _, callee) = try established()
    network.deliver(.request(network.within(.update, cseq: 5) { $0.describe(changed) }), from: 0, to: 1)
    #expect(network.names(1).last == "offered sdp")
    // A second one before the first is answered (RFC 3311 §5.2).
    network.deliver(.request(network.within(.update, cseq: 6) { $0.describe(changed) }), from: 0, to: 1)
    #expect(network.lastResponse?.status == 500)
    #expect(network.lastResponse?.headers[.retryAfter].flatMap { Int($0) }.map { (0...10).contains($0) } == true)
    network.agents[1].acceptOffer(callee, sdp: VirtualNetwork.answer, now: network.now)
    network.drain()
    #expect(network.lastResponse?.status == 200)
    #expect(network.lastResponse?.body == VirtualNetwork.answer)
    network.deliver(.request(network.within(.update, cseq: 7) { $0.describe(changed) }), from: 0, to: 1)
    network.agents[1].rejectOffer(callee, status: 488, now: network.now)
    network.drain()
    #expect(network.lastResponse?.status == 488)
    #expect(network.agents[1].activeLegs == 1)
  }

  @Test
  func updateThatMeetsAnOfferOfOursGets491() throws {
    let (network, _, callee) = try established()
    network.passes = { $0.sender == 0 }
    network.agents[1].offer(callee, sdp: changed, now: network.now)
    network.drain()
    network.deliver(.request(network.within(.update, cseq: 5) { $0.describe(changed) }), from: 0, to: 1)
    #expect(network.lastResponse?.status == 491)
  }

  @Test
  func updateBeforeTheFirstAnswerGets500() throws {
    let network = VirtualNetwork.pair()
    network.call()
    network.run(until: .seconds(1))
    let callee = try #require(network.incomingLeg)
    network.agents[1].progress(callee, status: 180, sdp: nil, now: network.now)
    network.run(until: .seconds(2))
    network.deliver(.request(network.within(.update, cseq: 5) { $0.describe(changed) }), from: 0, to: 1)
    #expect(network.lastResponse?.status == 500)
    #expect(network.lastResponse?.headers.contains(.retryAfter) == true)
    // Without an offer it is welcome.
    network.deliver(.request(network.within(.update, cseq: 6)), from: 0, to: 1)
    #expect(network.lastResponse?.status == 200)
  }

  @Test
  func updateThatNobodyAnswersIsForgotten() throws {
    let (network, _, callee) = try established()
    network.deliver(.request(network.within(.update, cseq: 5) { $0.describe(changed) }), from: 0, to: 1)
    network.run(until: .seconds(120))
    #expect(network.agents[1].serverTransactionCount == 0)
    network.agents[1].hangUp(callee, reason: nil, now: network.now)
    network.run(until: .seconds(300))
    #expect(network.isIdle)
  }

  @Test
  func callThatEndsAnswersThePendingUpdate() throws {
    let (network, _, callee) = try established()
    network.deliver(.request(network.within(.update, cseq: 5) { $0.describe(changed) }), from: 0, to: 1)
    network.agents[1].hangUp(callee, reason: nil, now: network.now)
    network.drain()
    #expect(network.responses(487).count == 1)
  }

  @Test
  func reInviteThatIsTakenBackIsReported() throws {
    let (network, _, callee) = try established()
    let reInvite = network.within(.invite, cseq: 5) { $0.describe(changed) }
    network.deliver(.request(reInvite), from: 0, to: 1)
    #expect(network.names(1).last == "offered sdp")
    var cancel = reInvite
    cancel.method = .cancel
    cancel.body = []
    cancel.headers.remove(.contentType)
    cancel.headers.set(.cseq, CSeq(5, .cancel))
    network.deliver(.request(cancel), from: 0, to: 1)
    #expect(network.names(1).last == "offerWithdrawn")
    #expect(network.responses(487).count == 1)
    // An answer that comes too late goes nowhere.
    let sent = network.wire.count
    network.agents[1].acceptOffer(callee, sdp: VirtualNetwork.answer, now: network.now)
    network.drain()
    #expect(network.wire.count == sent)
  }
}
