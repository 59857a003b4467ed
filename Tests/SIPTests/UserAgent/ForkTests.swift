import SIP
import Testing

/// Several answers to one INVITE (RFC 3261 §13.2.2.4).
struct ForkTests {
  private func response(_ status: Int, _ invite: SIPRequest, tag: String, host: String) -> SIPMessage {
    var response = SIPResponse(to: invite, status: status, toTag: tag)
    response.headers.add(.contact, "<sip:\(tag)@\(host):5060>")
    if status == 200 {
      response.headers.add(.contentType, MediaType.sdp)
      response.body = VirtualNetwork.answer
    }
    return .response(response)
  }

  /// A BYE of a fork that was not answered.
  private func bye(_ invite: SIPRequest, tag: String) throws -> SIPMessage {
    var request = SIPRequest(method: .bye, uri: SIPURI(user: "bob", address: VirtualNetwork.address(0)))
    request.headers.add(.via, Via(.udp, sentBy: VirtualNetwork.address(1), branch: "z9hG4bK\(tag)"))
    var remote = try invite.headers.to()
    remote.tag = tag
    request.headers.add(.from, remote)
    request.headers.add(.to, try invite.headers.from())
    request.headers.copy(.callID, from: invite.headers)
    request.headers.add(.cseq, CSeq(1, .bye))
    return .request(request)
  }

  @Test
  func firstAnswerWinsAndLaterOnesAreAcknowledgedAndEnded() throws {
    let network = VirtualNetwork.pair()
    network.passes = { _ in false }
    network.call()
    let invite = try #require(network.requests(.invite).first)
    network.deliver(response(180, invite, tag: "one", host: "192.0.2.2"), from: 1, to: 0)
    network.deliver(response(183, invite, tag: "two", host: "192.0.2.2"), from: 1, to: 0)
    network.deliver(response(200, invite, tag: "two", host: "192.0.2.2"), from: 1, to: 0)
    network.deliver(response(200, invite, tag: "one", host: "192.0.2.2"), from: 1, to: 0)
    #expect(network.names(0) == ["provisional 180", "provisional 183", "answered sdp"])
    #expect(network.requests(.ack).map(\.uri.user) == ["two", "one"])
    #expect(network.requests(.bye).map(\.uri.user) == ["one"])
    #expect(network.requests(.bye).first?.headers.toTag == "one")
    // Both answers again: both ACKs again, no second BYE.
    network.deliver(response(200, invite, tag: "one", host: "192.0.2.2"), from: 1, to: 0)
    network.deliver(response(200, invite, tag: "two", host: "192.0.2.2"), from: 1, to: 0)
    #expect(network.requests(.ack).map(\.uri.user) == ["two", "one", "one", "two"])
    #expect(network.requests(.bye).count == 1)
    #expect(network.agents[0].activeLegs == 1)
  }

  @Test
  func everyForkIsEndedWhenTheCallWasCancelled() throws {
    let network = VirtualNetwork.pair()
    network.passes = { _ in false }
    let leg = network.call()
    let invite = try #require(network.requests(.invite).first)
    network.deliver(response(180, invite, tag: "one", host: "192.0.2.2"), from: 1, to: 0)
    network.agents[0].hangUp(leg, reason: nil, now: network.now)
    network.drain()
    network.deliver(response(200, invite, tag: "one", host: "192.0.2.2"), from: 1, to: 0)
    network.deliver(response(200, invite, tag: "two", host: "192.0.2.2"), from: 1, to: 0)
    #expect(network.requests(.bye).map(\.uri.user) == ["one", "two"])
    network.run()
    #expect(network.agents[0].isIdle)
  }

  @Test
  func forkThatEndsEarlyLeavesTheOthers() throws {
    let network = VirtualNetwork.pair()
    network.passes = { _ in false }
    network.call()
    let invite = try #require(network.requests(.invite).first)
    network.deliver(response(180, invite, tag: "one", host: "192.0.2.2"), from: 1, to: 0)
    network.deliver(response(180, invite, tag: "two", host: "192.0.2.2"), from: 1, to: 0)
    network.deliver(try bye(invite, tag: "one"), from: 1, to: 0)
    #expect(network.requests(.cancel).isEmpty)
    network.deliver(response(200, invite, tag: "two", host: "192.0.2.2"), from: 1, to: 0)
    #expect(network.names(0) == ["provisional 180", "provisional 180", "answered sdp"])
  }

  @Test
  func callEndsWithItsLastEarlyFork() throws {
    let network = VirtualNetwork.pair()
    network.passes = { _ in false }
    network.call()
    let invite = try #require(network.requests(.invite).first)
    network.deliver(response(180, invite, tag: "one", host: "192.0.2.2"), from: 1, to: 0)
    network.deliver(try bye(invite, tag: "one"), from: 1, to: 0)
    #expect(network.names(0) == ["provisional 180", "ended bye"])
    #expect(network.requests(.cancel).count == 1)
  }

  @Test
  func forksAreBounded() throws {
    let network = VirtualNetwork.pair()
    network.passes = { _ in false }
    network.call()
    let invite = try #require(network.requests(.invite).first)
    for fork in 0..<200 { network.deliver(response(200, invite, tag: "t\(fork)", host: "192.0.2.2"), from: 1, to: 0) }
    #expect(network.requests(.bye).count == 15)
  }

  @Test
  func routeSetIsTakenFromTheAnswerInReverseAndUsed() throws {
    let network = VirtualNetwork.pair()
    network.passes = { _ in false }
    let leg = network.call()
    let invite = try #require(network.requests(.invite).first)
    guard case .response(var ok) = response(200, invite, tag: "one", host: "198.51.100.9") else { return }
    ok.headers.add(.recordRoute, "<sip:far@192.0.2.7;lr>, <sip:near@192.0.2.2;lr>")
    network.deliver(.response(ok), from: 1, to: 0)
    network.agents[0].hangUp(leg, reason: nil, now: network.now)
    network.drain()
    let bye = try #require(network.requests(.bye).first)
    #expect(try bye.headers.routes().map(\.uri.user) == ["near", "far"])
    #expect(bye.uri.host == "198.51.100.9")
  }
}
