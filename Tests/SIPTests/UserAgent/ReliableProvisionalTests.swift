import SIP
import Testing

/// Reliable provisional responses (RFC 3262), both ways.
struct ReliableProvisionalTests {
  private func network(
    _ modes: [ReliableProvisionals] = [.supported, .supported], conditions: VirtualNetwork.Conditions = .init()
  ) -> VirtualNetwork {
    VirtualNetwork.pair(conditions: conditions) { index, configuration in configuration.reliableProvisionals = modes[index] }
  }

  private func ringing(_ network: VirtualNetwork, sdp: [UInt8]? = VirtualNetwork.offer) throws -> (LegID, LegID) {
    let caller = network.call(sdp: sdp)
    network.run(until: .seconds(1))
    return (caller, try #require(network.incomingLeg))
  }

  // MARK: The side that is called

  @Test
  func responseWithDescriptionIsReliableAndAcknowledged() throws {
    let network = network()
    let (_, callee) = try ringing(network)
    network.agents[1].progress(callee, status: 180, sdp: nil, now: network.now)
    network.agents[1].progress(callee, status: 183, sdp: VirtualNetwork.answer, now: network.now)
    network.run(until: .seconds(2))
    #expect(network.responses(180).first?.headers.responseNumber == nil)
    let progress = try #require(network.responses(183).first)
    #expect(progress.headers.has(.require, "100rel"))
    let number = try #require(progress.headers.responseNumber)
    let prack = try #require(network.requests(.prack).first)
    #expect(prack.headers.responseAcknowledgement == ResponseAcknowledgement(number: number, cseq: CSeq(1, .invite)))
    #expect(network.responses(183).count == 1)
    network.agents[1].answer(callee, sdp: VirtualNetwork.answer, now: network.now)
    network.run(until: .seconds(3))
    #expect(network.names(0) == ["provisional 180", "provisional 183 sdp", "answered sdp"])
    #expect(network.names(1) == ["incoming", "acknowledged"])
  }

  @Test
  func responseIsRepeatedUntilItsPRACK() throws {
    let network = network()
    var lost = 0
    network.passes = { sent in
      guard case .response(let response) = sent.message, response.status == 183, lost < 3 else { return true }
      lost += 1
      return false
    }
    let (_, callee) = try ringing(network)
    network.agents[1].progress(callee, status: 183, sdp: VirtualNetwork.answer, now: network.now)
    network.run(until: .seconds(20))
    let times = network.wire.filter { if case .response(let response) = $0.message { response.status == 183 } else { false } }.map(\.time)
    #expect(times == [1000, 1500, 2500, 4500].map { .milliseconds($0) })
    #expect(network.requests(.prack).count == 1)
    #expect(network.names(0) == ["provisional 183 sdp"])
  }

  @Test
  func withoutPRACKTheCallIsRefusedAfter64T1() throws {
    let network = network()
    network.passes = { if case .request(let request) = $0.message { request.method != .prack } else { true } }
    let (_, callee) = try ringing(network)
    network.agents[1].progress(callee, status: 183, sdp: VirtualNetwork.answer, now: network.now)
    network.agents[1].answer(callee, sdp: VirtualNetwork.answer, now: network.now)
    network.run()
    #expect(network.names(1) == ["incoming", "ended unacknowledged"])
    #expect(network.names(0) == ["provisional 183 sdp", "failed 504"])
    #expect(network.isIdle)
  }

  @Test
  func answerWaitsForThePRACKAndRepeatsTheDescription() throws {
    let network = network(conditions: .init(delayMilliseconds: 100...100))
    let (_, callee) = try ringing(network)
    network.agents[1].progress(callee, status: 183, sdp: VirtualNetwork.answer, now: network.now)
    network.agents[1].progress(callee, status: 180, sdp: nil, now: network.now)
    network.agents[1].answer(callee, sdp: Array("v=0\r\no=b 1 2 IN IP4 192.0.2.2\r\n".utf8), now: network.now)
    network.run(until: .seconds(3))
    let after = network.ladder.drop { $0 != "0 PRACK" }
    #expect(after.prefix(4) == ["0 PRACK", "1 200 PRACK", "1 200 INVITE", "0 ACK"])
    #expect(network.responses(200).first { try! $0.headers.cseq().method == .invite }?.body == VirtualNetwork.answer)
  }

  @Test
  func responsesWaitForEachOther() throws {
    let network = network([.required, .required], conditions: .init(delayMilliseconds: 50...50))
    let (_, callee) = try ringing(network)
    for status in [180, 182, 183] { network.agents[1].progress(callee, status: status, sdp: nil, now: network.now) }
    network.run(until: .seconds(3))
    // 182 was overtaken by 183 while 180 waited.
    #expect(network.ladder.dropFirst(2) == ["1 180 INVITE", "0 PRACK", "1 200 PRACK", "1 183 INVITE", "0 PRACK", "1 200 PRACK"])
    let numbers = (network.responses(180) + network.responses(183)).compactMap(\.headers.responseNumber)
    #expect(numbers.count == 2 && numbers[1] == numbers[0] + 1)
  }

  @Test
  func peerThatSupportsNoReliabilityIsRefusedWith421WhereItIsRequired() {
    let network = network([.off, .required])
    network.call()
    network.run()
    #expect(network.names(0) == ["failed 421"])
    #expect(network.responses(421).first?.headers.has(.require, "100rel") == true)
    #expect(network.isIdle)
  }

  @Test
  func switchedOffAPeerThatRequiresItIsRefusedWith420() {
    let network = network([.required, .off])
    network.call()
    network.run()
    #expect(network.names(0) == ["failed 420"])
    #expect(network.responses(420).first?.headers[.unsupported] == "100rel")
  }

  @Test
  func prackOfAnotherResponseGets481() throws {
    let network = network()
    network.passes = { $0.sender == 1 }
    network.deliver(.request(try #require(requestOf(network))), from: 0, to: 1)
    let callee = try #require(network.incomingLeg)
    network.agents[1].progress(callee, status: 183, sdp: VirtualNetwork.answer, now: network.now)
    network.drain()
    let number = try #require(network.responses(183).first?.headers.responseNumber)
    let cases: [(UInt32, CSeq)] = [(number + 1, CSeq(1, .invite)), (number, CSeq(2, .invite)), (number, CSeq(1, .update))]
    for (index, wrong) in cases.enumerated() {
      let prack = network.within(.prack, cseq: UInt32(10 + index)) {
        $0.headers.add(.rack, ResponseAcknowledgement(number: wrong.0, cseq: wrong.1))
      }
      network.deliver(.request(prack), from: 0, to: 1)
      #expect(network.lastResponse?.status == 481)
    }
    let right = network.within(.prack, cseq: 20) {
      $0.headers.add(.rack, ResponseAcknowledgement(number: number, cseq: CSeq(1, .invite)))
    }
    network.deliver(.request(right), from: 0, to: 1)
    #expect(network.lastResponse?.status == 200)
  }

  /// The INVITE of a call that agent 0 has placed.
  private func requestOf(_ network: VirtualNetwork, sdp: [UInt8]? = VirtualNetwork.offer) -> SIPRequest? {
    network.call(sdp: sdp)
    return network.requests(.invite).first
  }

  @Test
  func prackMayCarryANewOffer() throws {
    let network = network()
    network.passes = { $0.sender == 1 }
    network.deliver(.request(try #require(requestOf(network))), from: 0, to: 1)
    let callee = try #require(network.incomingLeg)
    network.agents[1].progress(callee, status: 183, sdp: VirtualNetwork.answer, now: network.now)
    network.drain()
    let number = try #require(network.responses(183).first?.headers.responseNumber)
    let prack = network.within(.prack, cseq: 2) {
      $0.headers.add(.rack, ResponseAcknowledgement(number: number, cseq: CSeq(1, .invite)))
      $0.describe(VirtualNetwork.offer)
    }
    network.deliver(.request(prack), from: 0, to: 1)
    #expect(network.names(1) == ["incoming", "offered sdp"])
    // The answer to the call waits for the answer to the offer.
    network.agents[1].answer(callee, sdp: VirtualNetwork.answer, now: network.now)
    network.drain()
    #expect(network.lastResponse?.status == 183)
    network.agents[1].acceptOffer(callee, sdp: VirtualNetwork.answer, now: network.now)
    network.drain()
    let last = network.wire.suffix(2).compactMap { if case .response(let response) = $0.message { response } else { nil } }
    #expect(last.map { try! $0.headers.cseq().method } == [.prack, .invite])
    #expect(last.map(\.body) == [VirtualNetwork.answer, []])
  }

  @Test
  func lateOfferInAReliableResponseIsAnsweredInThePRACK() throws {
    let network = network()
    network.passes = { $0.sender == 1 }
    var invite = try #require(requestOf(network, sdp: nil))
    #expect(!invite.headers.has(.supported, "100rel"))
    invite.headers.set(.require, "100rel")
    network.deliver(.request(invite), from: 0, to: 1)
    let callee = try #require(network.incomingLeg)
    // Without the offer that the first reliable response must carry there is none.
    network.agents[1].progress(callee, status: 180, sdp: nil, now: network.now)
    network.drain()
    #expect(network.responses(180).isEmpty)
    network.agents[1].progress(callee, status: 183, sdp: VirtualNetwork.offer, now: network.now)
    network.drain()
    let number = try #require(network.responses(183).first?.headers.responseNumber)
    let prack = network.within(.prack, cseq: 2) {
      $0.headers.add(.rack, ResponseAcknowledgement(number: number, cseq: CSeq(1, .invite)))
      $0.describe(VirtualNetwork.answer)
    }
    network.deliver(.request(prack), from: 0, to: 1)
    #expect(network.names(1) == ["incoming", "offerAnswered sdp"])
    network.agents[1].answer(callee, sdp: VirtualNetwork.offer, now: network.now)
    network.drain()
    #expect(network.lastResponse?.status == 200)
    #expect(network.lastResponse?.body == [])
  }

  @Test
  func lateOfferIsNotPutIntoAnUnreliableResponse() throws {
    let network = network()
    let (_, callee) = try ringing(network, sdp: nil)
    network.agents[1].progress(callee, status: 183, sdp: VirtualNetwork.offer, now: network.now)
    network.run(until: .seconds(2))
    #expect(network.responses(183).first?.body == [])
    #expect(network.names(0) == ["provisional 183"])
  }

  // MARK: The side that calls

  private func reliable(_ status: Int, _ invite: SIPRequest, _ number: UInt32, tag: String = "one", sdp: Bool = false) -> SIPMessage {
    var response = SIPResponse(to: invite, status: status, toTag: tag)
    response.headers.add(.contact, "<sip:\(tag)@192.0.2.2:5060>")
    response.headers.add(.require, "100rel")
    response.headers.add(.rseq, String(number))
    if sdp { response.describe(VirtualNetwork.answer) }
    return .response(response)
  }

  @Test
  func responsesAreTakenInOrderAndOnce() throws {
    let network = network()
    network.passes = { _ in false }
    network.call()
    let invite = try #require(network.requests(.invite).first)
    network.deliver(reliable(180, invite, 7), from: 1, to: 0)
    network.deliver(reliable(180, invite, 7), from: 1, to: 0)
    network.deliver(reliable(183, invite, 9), from: 1, to: 0)
    #expect(network.names(0) == ["provisional 180"])
    network.deliver(reliable(182, invite, 8), from: 1, to: 0)
    network.deliver(reliable(183, invite, 9, sdp: true), from: 1, to: 0)
    #expect(network.names(0) == ["provisional 180", "provisional 182", "provisional 183 sdp"])
    let pracks = network.requests(.prack)
    #expect(pracks.map { $0.headers.responseAcknowledgement?.number } == [7, 8, 9])
    #expect(try pracks.map { try $0.headers.cseq().number } == [2, 3, 4])
    #expect(pracks.allSatisfy { $0.uri.user == "one" && $0.headers.toTag == "one" })
  }

  @Test
  func eachForkHasItsOwnNumbers() throws {
    let network = network()
    network.passes = { _ in false }
    network.call()
    let invite = try #require(network.requests(.invite).first)
    network.deliver(reliable(183, invite, 5, tag: "one", sdp: true), from: 1, to: 0)
    network.deliver(reliable(180, invite, 900, tag: "two"), from: 1, to: 0)
    #expect(network.requests(.prack).map(\.uri.user) == ["one", "two"])
    // A 200 without description: the answer was in the reliable response of that fork.
    var ok = SIPResponse(to: invite, status: 200, toTag: "one")
    ok.headers.add(.contact, "<sip:one@192.0.2.2:5060>")
    network.deliver(.response(ok), from: 1, to: 0)
    #expect(network.names(0).last == "answered sdp")
    #expect(try network.requests(.ack).first?.headers.cseq().number == 1)
  }

  @Test
  func repeatedPRACKIsTheTransactionsAffair() throws {
    let network = network()
    network.passes = { _ in false }
    network.call()
    let invite = try #require(network.requests(.invite).first)
    network.deliver(reliable(180, invite, 7), from: 1, to: 0)
    network.run(until: .seconds(2))
    let pracks = network.requests(.prack)
    #expect(pracks.count == 3)
    #expect(Set(pracks).count == 1)
  }

  @Test
  func offerInAReliableResponseIsAnsweredInThePRACK() throws {
    let network = network()
    network.passes = { _ in false }
    let leg = network.call(sdp: nil)
    let invite = try #require(network.requests(.invite).first)
    network.deliver(reliable(183, invite, 7, sdp: true), from: 1, to: 0)
    #expect(network.requests(.prack).isEmpty)
    network.agents[0].acknowledge(leg, sdp: VirtualNetwork.answer, now: network.now)
    network.drain()
    #expect(network.requests(.prack).first?.body == VirtualNetwork.answer)
    var ok = SIPResponse(to: invite, status: 200, toTag: "one")
    ok.headers.add(.contact, "<sip:one@192.0.2.2:5060>")
    network.deliver(.response(ok), from: 1, to: 0)
    // Nothing is owed any more: the ACK goes at once, without description.
    #expect(network.requests(.ack).first?.body == [])
  }
}
