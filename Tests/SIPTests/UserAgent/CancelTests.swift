import SIP
import Testing

/// CANCEL at every moment (RFC 3261 §9).
struct CancelTests {
  @Test
  func cancelAfterRingingEndsWith487() {
    let network = VirtualNetwork.pair()
    let caller = network.call()
    network.run(until: .seconds(1))
    network.agents[0].hangUp(caller, reason: .q850(16), now: network.now)
    network.run()
    #expect(network.ladder == ["0 INVITE", "1 100 INVITE", "0 CANCEL", "1 200 CANCEL", "1 487 INVITE", "0 ACK"])
    #expect(network.names(0) == ["ended here"])
    guard case .ended(_, .cancelled(let reason))? = network.events[1].last else { return #expect(Bool(false)) }
    #expect(reason?.cause == 16)
    #expect(network.isIdle)
  }

  @Test
  func cancelWaitsForAProvisionalResponse() {
    let network = VirtualNetwork.pair(conditions: .init(delayMilliseconds: 100...100))
    let caller = network.call()
    network.agents[0].hangUp(caller, reason: nil, now: network.now)
    network.run(until: .milliseconds(150))
    #expect(network.requests(.cancel).isEmpty)
    network.run()
    #expect(network.requests(.cancel).count == 1)
    #expect(network.names(1) == ["incoming", "ended cancelled"])
    #expect(network.isIdle)
  }

  @Test
  func cancelHasTheInvitesBranchTagsAndNumber() throws {
    let network = VirtualNetwork.pair()
    let caller = network.call()
    network.run(until: .seconds(1))
    network.agents[0].hangUp(caller, reason: nil, now: network.now)
    network.drain()
    let invite = try #require(network.requests(.invite).first)
    let cancel = try #require(network.requests(.cancel).first)
    #expect(try cancel.headers.topVia() == invite.headers.topVia())
    #expect(cancel.uri == invite.uri)
    #expect(try cancel.headers.cseq() == CSeq(invite.headers.cseq().number, .cancel))
    #expect(try cancel.headers.to() == invite.headers.to())
  }

  @Test
  func answerThatCrossesTheCancelIsAcknowledgedAndEnded() throws {
    let network = VirtualNetwork.pair(conditions: .init(delayMilliseconds: 20...20))
    let caller = network.call()
    network.run(until: .seconds(1))
    network.agents[0].hangUp(caller, reason: nil, now: network.now)
    network.agents[1].answer(try #require(network.incomingLeg), sdp: VirtualNetwork.answer, now: network.now)
    network.run()
    #expect(network.names(0) == ["ended here"])
    #expect(network.names(1) == ["incoming", "acknowledged", "ended bye"])
    #expect(network.requests(.bye).count == 1)
    // The CANCEL met an INVITE that was answered: 200, without effect.
    #expect(network.responses(200).count == 3)
    #expect(network.isIdle)
  }

  @Test
  func cancelOfNothingGets481() throws {
    let network = VirtualNetwork.pair()
    network.call()
    network.run(until: .seconds(1))
    var cancel = try #require(network.requests(.invite).first)
    cancel.method = .cancel
    cancel.body = []
    cancel.headers.remove(.contentType)
    cancel.headers.set(.cseq, CSeq(1, .cancel))
    cancel.headers.set(.via, Via(.udp, sentBy: VirtualNetwork.address(0), branch: "z9hG4bKother"))
    network.deliver(.request(cancel), from: 0, to: 1)
    #expect(network.responses(481).count == 1)
    #expect(network.names(1) == ["incoming"])
  }

  @Test(arguments: 0..<60)
  func cancelAtEveryMoment(_ step: Int) {
    // The callee rings at once and answers after 200 ms; the caller gives up after 10 ms × step; 30 ms each way.
    let network = VirtualNetwork.pair(seed: UInt64(step), conditions: .init(delayMilliseconds: 30...30))
    network.answersCalls(after: .milliseconds(200))
    let caller = network.call()
    network.at(.milliseconds(10 * step)) { $0.agents[0].hangUp(caller, reason: nil, now: $0.now) }
    network.run()
    #expect(network.isIdle)
    for index in 0..<2 {
      #expect(network.events[index].filter(\.isTerminal).count == 1)
      #expect(network.events[index].last?.isTerminal == true)
    }
  }

  @Test
  func inviteWithoutFinalResponseIsGivenUpAfterTheCancel() {
    let network = VirtualNetwork.pair()
    let caller = network.call()
    network.run(until: .seconds(1))
    network.passes = { $0.sender == 0 }
    network.agents[0].hangUp(caller, reason: nil, now: network.now)
    network.run()
    #expect(network.agents[0].isIdle)
    #expect(network.names(0) == ["ended here"])
  }
}
