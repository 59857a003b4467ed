import SIP
import Testing

/// Transfers (RFC 3515) and replaced calls (RFC 3891).
struct TransferTests {
  private func established() throws -> (VirtualNetwork, LegID, LegID) {
    let network = VirtualNetwork.pair(conditions: .init(delayMilliseconds: 20...20))
    network.answersCalls()
    let caller = network.call()
    network.run(until: .seconds(1))
    return (network, caller, try #require(network.incomingLeg))
  }

  private func refer(_ network: VirtualNetwork, _ cseq: UInt32, to target: String, _ more: [(HeaderName, String)] = []) {
    let request = network.within(.refer, cseq: cseq) { request in
      request.headers.add(.referTo, target)
      request.headers.add(.referredBy, "<sip:bob@192.0.2.1>")
      for (name, value) in more { request.headers.set(name, value) }
    }
    network.deliver(.request(request), from: 0, to: 1)
  }

  /// Agent 0 takes every NOTIFY, and says nothing else any more.
  private func acknowledgeReports(_ network: VirtualNetwork) {
    network.passes = { sent in
      if case .request(let request) = sent.message, request.method == .notify {
        network.at(network.now) { $0.deliver(.response(SIPResponse(to: request, status: 200)), from: 0, to: 1) }
      }
      return false
    }
  }

  private func request(_ network: VirtualNetwork) -> TransferRequest? {
    for case .transferRequested(_, let request) in network.events[1].reversed() { return request }
    return nil
  }

  @Test
  func blindTransferIsAcceptedAndReported() throws {
    let (network, _, callee) = try established()
    refer(network, 5, to: "<sip:0312345678@192.0.2.2;user=phone>")
    #expect(network.names(1).last == "transfer 0312345678")
    #expect(request(network)?.replaces == nil)
    #expect(request(network)?.referredBy?.uri.user == "bob")
    network.agents[1].acceptTransfer(callee, now: network.now)
    network.agents[1].notifyTransfer(callee, status: 180, isFinal: false, now: network.now)
    network.agents[1].notifyTransfer(callee, status: 200, isFinal: true, now: network.now)
    network.agents[1].notifyTransfer(callee, status: 200, isFinal: true, now: network.now)
    network.drain()
    #expect(network.responses(202).count == 1)
    let reports = network.requests(.notify)
    #expect(
      reports.map { String(decoding: $0.body, as: UTF8.self) } == [
        "SIP/2.0 100 Trying\r\n", "SIP/2.0 180 Ringing\r\n", "SIP/2.0 200 OK\r\n",
      ])
    #expect(reports.allSatisfy { $0.headers[.event] == "refer" })
    #expect(reports.map { $0.headers[.subscriptionState]?.hasPrefix("terminated") } == [false, false, true])
    #expect(try reports.allSatisfy { try $0.headers.contentType()?.name == "message/sipfrag" })
    #expect(try reports.map { try $0.headers.cseq().number } == [1, 2, 3])
  }

  @Test
  func secondTransferOfACallNamesItsREFER() throws {
    let (network, _, callee) = try established()
    refer(network, 5, to: "<sip:1@192.0.2.2>")
    network.agents[1].acceptTransfer(callee, now: network.now)
    // One at a time.
    refer(network, 6, to: "<sip:2@192.0.2.2>")
    #expect(network.lastResponse?.status == 491)
    network.agents[1].notifyTransfer(callee, status: 486, isFinal: true, now: network.now)
    refer(network, 7, to: "<sip:2@192.0.2.2>")
    network.agents[1].acceptTransfer(callee, now: network.now)
    network.drain()
    #expect(network.requests(.notify).map { $0.headers[.event] } == ["refer", "refer", "refer;id=7"])
  }

  @Test
  func announcedTransferNamesTheCallToReplace() throws {
    let (network, _, callee) = try established()
    refer(network, 5, to: "<sip:carol@192.0.2.9?Replaces=abc%40192.0.2.9%3Bto-tag%3Dt1%3Bfrom-tag%3Df1&Require=replaces>")
    #expect(request(network)?.replaces == ReplacesHeader(callID: "abc@192.0.2.9", toTag: "t1", fromTag: "f1"))
    #expect(request(network)?.target.description == "sip:carol@192.0.2.9")
    network.agents[1].rejectTransfer(callee, status: 403, now: network.now)
    network.drain()
    #expect(network.lastResponse?.status == 403)
    #expect(network.requests(.notify).isEmpty)
  }

  @Test
  func peerThatWantsNoReportsGetsNone() throws {
    let (network, _, callee) = try established()
    refer(network, 5, to: "<sip:1@192.0.2.2>", [(.referSub, "false"), (.require, "norefersub")])
    network.agents[1].acceptTransfer(callee, now: network.now)
    network.agents[1].notifyTransfer(callee, status: 200, isFinal: true, now: network.now)
    network.drain()
    #expect(network.responses(202).first?.headers[.referSub] == "false")
    #expect(network.requests(.notify).isEmpty)
  }

  @Test(
    arguments: [
      ("<http://example.com>", 416), ("<sip:1@192.0.2.2;method=BYE>", 603), ("<sip:1@192.0.2.2?Replaces=nonsense>", 400), ("nonsense", 400),
    ])
  func whatCannotBeCalledIsRefused(_ target: String, _ status: Int) throws {
    let (network, _, _) = try established()
    refer(network, 5, to: target)
    #expect(network.lastResponse?.status == status)
    #expect(request(network) == nil)
  }

  @Test
  func transferThatNobodyDecidesIsDeclinedAfter20Seconds() throws {
    let (network, _, _) = try established()
    refer(network, 5, to: "<sip:1@192.0.2.2>")
    network.run(until: .seconds(20))
    #expect(network.responses(603).isEmpty)
    network.run(until: .seconds(22))
    #expect(network.responses(603).count == 1)
  }

  @Test
  func reportsGoOnAfterThePeerHasHungUp() throws {
    let (network, _, callee) = try established()
    acknowledgeReports(network)
    refer(network, 5, to: "<sip:1@192.0.2.2>")
    network.agents[1].acceptTransfer(callee, now: network.now)
    network.deliver(.request(network.within(.bye, cseq: 6)), from: 0, to: 1)
    #expect(network.names(1).last == "ended bye")
    network.run(until: .seconds(60))
    #expect(network.agents[1].legCount == 1)
    network.agents[1].notifyTransfer(callee, status: 200, isFinal: true, now: network.now)
    network.run(until: .seconds(120))
    #expect(Set(network.requests(.notify).map(\.body)).count == 2)
    #expect(network.agents[1].isIdle)
  }

  @Test
  func reportsEndByThemselves() throws {
    let (network, _, callee) = try established()
    acknowledgeReports(network)
    refer(network, 5, to: "<sip:1@192.0.2.2>")
    network.agents[1].acceptTransfer(callee, now: network.now)
    network.run(until: .seconds(2))
    network.deliver(.request(network.within(.bye, cseq: 6)), from: 0, to: 1)
    network.run(until: .seconds(300))
    #expect(network.requests(.notify).last.map { String(decoding: $0.body, as: UTF8.self) } == "SIP/2.0 408 Request Timeout\r\n")
    #expect(network.agents[1].isIdle)
  }

  @Test
  func callThatEndsAnswersThePendingREFER() throws {
    let (network, _, callee) = try established()
    refer(network, 5, to: "<sip:1@192.0.2.2>")
    network.agents[1].hangUp(callee, reason: nil, now: network.now)
    network.run()
    #expect(network.responses(487).count == 1)
    #expect(network.isIdle)
  }

  // MARK: Replaces

  /// An INVITE with Replaces from agent 0.
  private func replace(_ network: VirtualNetwork, _ replaces: ReplacesHeader) {
    var invite = network.invitation()
    invite.replaces = replaces
    _ = network.agents[0].invite(invite, now: network.now)
    network.run(until: network.now + .seconds(1))
  }

  private func incoming(_ network: VirtualNetwork) -> IncomingInvite? {
    for case .incoming(_, let invite) in network.events[1].reversed() { return invite }
    return nil
  }

  @Test
  func callTakesThePlaceOfAnAnsweredOne() throws {
    let (network, caller, callee) = try established()
    let replaces = try #require(network.agents[0].replacesHeader(for: caller))
    #expect(network.agents[1].leg(matching: replaces) == callee)
    replace(network, replaces)
    #expect(incoming(network)?.replaces == callee)
    #expect(network.requests(.invite).last?.headers.has(.require, "replaces") == true)
    network.agents[1].hangUp(callee, reason: nil, now: network.now)
    network.run(until: .seconds(10))
    #expect(network.names(0).contains("ended bye"))
  }

  @Test
  func onlyAnEarlyCallMayBeReplacedWhereThePeerSaysSo() throws {
    let (network, caller, _) = try established()
    var replaces = try #require(network.agents[0].replacesHeader(for: caller))
    replaces.isEarlyOnly = true
    replace(network, replaces)
    #expect(network.names(0).last == "failed 486")
  }

  @Test
  func unknownOrWrongTagsGet481() throws {
    let (network, caller, _) = try established()
    let right = try #require(network.agents[0].replacesHeader(for: caller))
    for wrong in [
      ReplacesHeader(callID: "x", toTag: right.toTag, fromTag: right.fromTag),
      ReplacesHeader(callID: right.callID, toTag: "x", fromTag: right.fromTag),
      ReplacesHeader(callID: right.callID, toTag: right.toTag, fromTag: "x"),
    ] {
      replace(network, wrong)
      #expect(network.names(0).last == "failed 481")
    }
  }

  @Test
  func callThatIsOverGets603() throws {
    let (network, caller, callee) = try established()
    let replaces = try #require(network.agents[0].replacesHeader(for: caller))
    network.agents[1].hangUp(callee, reason: nil, now: network.now)
    replace(network, replaces)
    #expect(network.names(0).contains("failed 603"))
  }

  @Test
  func callThatWePlacedMayBeReplacedBeforeItsAnswerAndOneThatCameInMayNot() throws {
    let network = VirtualNetwork.pair()
    // Agent 1 calls agent 0, which rings.
    var invite = network.invitation()
    invite.destination = .address(.udp, VirtualNetwork.address(0))
    let placed = network.agents[1].invite(invite, now: network.now)
    network.run(until: .seconds(1))
    guard case .incoming(let came, _)? = network.events[0].first else { return #expect(Bool(false)) }
    network.agents[0].progress(came, status: 180, sdp: nil, now: network.now)
    network.run(until: .seconds(2))
    let fromThere = try #require(network.agents[0].replacesHeader(for: came))
    replace(network, fromThere)
    #expect(incoming(network)?.replaces == placed)
    let fromHere = try #require(network.agents[1].replacesHeader(for: placed))
    #expect(network.agents[0].leg(matching: fromHere) == nil)
  }

  @Test(arguments: ["abc", "abc;to-tag=1", "abc;to-tag=1;from-tag=2;to-tag=3", ";to-tag=1;from-tag=2"])
  func malformedReplacesGets400(_ text: String) throws {
    let network = VirtualNetwork.pair()
    var invite = network.invitation()
    invite.additionalHeaders = [("Replaces", text)]
    _ = network.agents[0].invite(invite, now: network.now)
    network.run()
    #expect(network.names(0) == ["failed 400"])
    #expect(network.isIdle)
  }

  @Test
  func missingTagOfAnOldPeerIsWrittenAsZero() throws {
    let replaces = ReplacesHeader(callID: "a@b", toTag: "", fromTag: "f", isEarlyOnly: true)
    #expect(replaces.wireText == "a@b;to-tag=0;from-tag=f;early-only")
    #expect(try ReplacesHeader(parsing: replaces.wireText) == replaces)
  }
}
