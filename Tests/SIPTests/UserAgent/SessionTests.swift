import SIP
import Testing

/// What happens within a confirmed dialog: re-INVITE, INFO, OPTIONS.
struct SessionTests {
  private let changed = Array("v=0\r\no=a 1 2 IN IP4 192.0.2.1\r\n".utf8)

  private func established(conditions: VirtualNetwork.Conditions = .init(delayMilliseconds: 20...20)) throws -> (
    VirtualNetwork, LegID, LegID
  ) {
    let network = VirtualNetwork.pair(conditions: conditions)
    network.answersCalls()
    let caller = network.call()
    network.run(until: .seconds(1))
    return (network, caller, try #require(network.incomingLeg))
  }

  @Test
  func eitherSideChangesTheSession() throws {
    let (network, caller, callee) = try established()
    network.react = { network, index, event in
      guard case .offered(let leg, let sdp?) = event else { return }
      #expect(sdp == self.changed)
      network.agents[index].acceptOffer(leg, sdp: VirtualNetwork.answer, now: network.now)
    }
    network.agents[0].offer(caller, sdp: changed, now: network.now)
    network.run(until: .seconds(2))
    network.agents[1].offer(callee, sdp: changed, now: network.now)
    network.run(until: .seconds(3))
    #expect(network.names(0) == ["answered sdp", "offerAnswered sdp", "offered sdp"])
    #expect(network.names(1) == ["incoming", "acknowledged", "offered sdp", "offerAnswered sdp"])
    network.agents[1].hangUp(callee, reason: nil, now: network.now)
    network.run()
    #expect(network.isIdle)
  }

  @Test
  func refusedOfferLeavesTheCallAsItWas() throws {
    let (network, caller, callee) = try established()
    network.agents[0].offer(caller, sdp: changed, now: network.now)
    network.run(until: .seconds(2))
    network.agents[1].rejectOffer(callee, status: 488, now: network.now)
    network.run(until: .seconds(3))
    #expect(network.names(0).last == "offerFailed 488")
    network.agents[0].hangUp(caller, reason: nil, now: network.now)
    network.run()
    #expect(network.names(1).last == "ended bye")
    #expect(network.isIdle)
  }

  @Test
  func glareGets491OnBothSidesAndBothOffersSucceedLater() throws {
    let (network, caller, callee) = try established()
    network.react = { network, index, event in
      guard case .offered(let leg, _) = event else { return }
      network.agents[index].acceptOffer(leg, sdp: VirtualNetwork.answer, now: network.now)
    }
    network.agents[0].offer(caller, sdp: changed, now: network.now)
    network.agents[1].offer(callee, sdp: changed, now: network.now)
    let start = network.now
    network.run(until: .seconds(20))
    #expect(network.responses(491).count == 2)
    #expect(network.names(0).contains("offerAnswered sdp"))
    #expect(network.names(1).contains("offerAnswered sdp"))
    // The callee does not own the Call-ID: it tries again within 2 s, the caller after it (RFC 3261 §14.1).
    let again = network.wire.filter { sent in
      if case .request(let request) = sent.message { request.method == .invite && sent.time > start } else { false }
    }
    #expect(again.map(\.sender) == [1, 0])
    #expect(again.first.map { $0.time - start <= .milliseconds(2100) } == true)
    network.agents[0].hangUp(caller, reason: nil, now: network.now)
    network.run()
    #expect(network.isIdle)
  }

  @Test(arguments: 0..<20)
  func ownerOfTheCallIDWaitsAtLeast2100AfterA491(_ seed: UInt64) throws {
    let network = VirtualNetwork.pair(seed: seed)
    network.answersCalls()
    let caller = network.call()
    network.run(until: .seconds(1))
    network.passes = { $0.sender == 0 }
    network.agents[0].offer(caller, sdp: changed, now: network.now)
    network.drain()
    let first = try #require(network.requests(.invite).last)
    network.deliver(.response(SIPResponse(to: first, status: 491, toTag: "x")), from: 1, to: 0)
    let start = network.now
    network.run(until: start + .seconds(5))
    let second = try #require(
      network.wire.first { sent in
        if case .request(let request) = sent.message { request.method == .invite && sent.time > start } else { false }
      })
    #expect(second.time - start >= .milliseconds(2100) && second.time - start <= .milliseconds(4000))
  }

  @Test
  func secondReInviteBeforeTheFirstIsAnsweredGets500WithRetryAfter() throws {
    let (network, caller, _) = try established()
    network.agents[0].offer(caller, sdp: changed, now: network.now)
    network.run(until: .seconds(2))
    var second = try #require(network.requests(.invite).last)
    second.headers.set(.cseq, CSeq(9, .invite))
    second.headers.set(.via, Via(.udp, sentBy: VirtualNetwork.address(0), branch: "z9hG4bKsecond"))
    network.deliver(.request(second), from: 0, to: 1)
    let seconds = network.responses(500).first?.headers[.retryAfter].flatMap { Int($0) }
    #expect(seconds.map { (0...10).contains($0) } == true)
  }

  @Test
  func reInviteWithoutOfferGetsOursAndItsACKAnswers() throws {
    let (network, _, callee) = try established()
    var reInvite = try #require(network.requests(.invite).first)
    let ok = try #require(network.responses(200).first)
    reInvite.headers.set(.to, try ok.headers.to())
    reInvite.headers.set(.cseq, CSeq(2, .invite))
    reInvite.headers.set(.via, Via(.udp, sentBy: VirtualNetwork.address(0), branch: "z9hG4bKlate"))
    reInvite.body = []
    reInvite.headers.remove(.contentType)
    network.deliver(.request(reInvite), from: 0, to: 1)
    #expect(network.names(1).last == "offered")
    network.agents[1].acceptOffer(callee, sdp: changed, now: network.now)
    network.drain()
    var ack = reInvite
    ack.method = .ack
    ack.headers.set(.cseq, CSeq(2, .ack))
    ack.headers.set(.via, Via(.udp, sentBy: VirtualNetwork.address(0), branch: "z9hG4bKack"))
    ack.headers.add(.contentType, MediaType.sdp)
    ack.body = VirtualNetwork.answer
    network.deliver(.request(ack), from: 0, to: 1)
    #expect(network.names(1).last == "offerAnswered sdp")
  }

  @Test
  func requestOlderThanOneBeforeGets500() throws {
    let (network, _, _) = try established()
    var late = try #require(network.requests(.invite).first)
    late.headers.set(.to, try #require(network.responses(200).first).headers.to())
    late.headers.set(.via, Via(.udp, sentBy: VirtualNetwork.address(0), branch: "z9hG4bKold"))
    network.deliver(.request(late), from: 0, to: 1)
    #expect(network.responses(500).count == 1)
  }

  @Test
  func infoIsReportedOnceThoughItsResponseIsLost() throws {
    let (network, caller, _) = try established()
    var lost = 0
    network.passes = { sent in
      guard sent.sender == 1, lost < 2 else { return true }
      lost += 1
      return false
    }
    network.agents[0].sendInfo(
      caller, contentType: "application/dtmf-relay", body: Array("Signal=5\r\nDuration=160\r\n".utf8), now: network.now)
    network.run(until: .seconds(5))
    #expect(network.requests(.info).count == 3)
    #expect(network.names(1).filter { $0 == "info application/dtmf-relay" }.count == 1)
  }

  @Test
  func infoOfAPackageGets469AndOfAnUnknownTypeGets415() throws {
    let (network, caller, _) = try established()
    network.agents[0].sendInfo(caller, contentType: "text/plain", body: [0x41], now: network.now)
    network.run(until: .seconds(2))
    #expect(network.responses(415).count == 1)
    var info = try #require(network.requests(.info).first)
    info.headers.set(.cseq, CSeq(20, .info))
    info.headers.set(.via, Via(.udp, sentBy: VirtualNetwork.address(0), branch: "z9hG4bKpackage"))
    info.headers.set(.contentType, "application/dtmf")
    info.headers.add(.infoPackage, "foo")
    network.deliver(.request(info), from: 0, to: 1)
    #expect(network.responses(469).first?.headers.contains(.recvInfo) == true)
  }

  @Test
  func pingIsAnsweredOrFailsAfter64T1() throws {
    let (network, _, callee) = try established()
    network.agents[1].ping(callee, now: network.now)
    network.run(until: .seconds(2))
    #expect(network.names(1).last == "pingAnswered")
    network.passes = { $0.sender == 1 }
    network.agents[1].ping(callee, now: network.now)
    network.run(until: .seconds(40))
    #expect(network.names(1).last == "pingFailed")
    // The call goes on until its owner ends it.
    #expect(network.agents[1].activeLegs == 1)
    network.agents[1].hangUp(callee, reason: nil, now: network.now)
    network.run(until: .seconds(200))
    #expect(network.agents[1].isIdle)
  }

  @Test
  func peerThatForgotTheDialogEndsTheCall() throws {
    let (network, caller, _) = try established()
    network.agents[1] = UserAgent(configuration: VirtualNetwork.configuration(1), seed: 99)
    network.agents[0].ping(caller, now: network.now)
    network.run()
    #expect(network.names(0).last == "ended lost 481")
    #expect(network.agents[0].isIdle)
  }

  @Test(arguments: [SIPMethod.subscribe, .publish, .notify])
  func methodsThatWeDoNotServeGet405WithAllow(_ method: SIPMethod) throws {
    let (network, _, _) = try established()
    var request = try #require(network.requests(.invite).first)
    request.method = method
    request.body = []
    request.headers.remove(.contentType)
    request.headers.set(.cseq, CSeq(5, method))
    request.headers.set(.to, try #require(network.responses(200).first).headers.to())
    request.headers.set(.via, Via(.udp, sentBy: VirtualNetwork.address(0), branch: "z9hG4bK\(method.name)"))
    network.deliver(.request(request), from: 0, to: 1)
    #expect(network.responses(405).first?.headers.has(.allow, "INVITE") == true)
  }

  @Test
  func contactOfAReInviteIsTheNewTarget() throws {
    let (network, caller, callee) = try established(conditions: .init(delayMilliseconds: 1...1))
    network.agents[1].configuration.publicAddress = SIPAddress(host: "192.0.2.2", port: 0)
    network.agents[0].offer(caller, sdp: changed, now: network.now)
    network.run(until: .seconds(2))
    network.agents[1].acceptOffer(callee, sdp: VirtualNetwork.answer, now: network.now)
    network.run(until: .seconds(3))
    var second = try #require(network.requests(.invite).last)
    second.headers.set(.cseq, CSeq(9, .invite))
    second.headers.set(.contact, "<sip:moved@192.0.2.1:5060>")
    second.headers.set(.via, Via(.udp, sentBy: VirtualNetwork.address(0), branch: "z9hG4bKmoved"))
    network.deliver(.request(second), from: 0, to: 1)
    network.agents[1].rejectOffer(callee, status: 488, now: network.now)
    network.agents[1].hangUp(callee, reason: nil, now: network.now)
    network.drain()
    #expect(network.requests(.bye).last?.uri.user == "moved")
  }
}
