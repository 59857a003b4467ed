import SIP
import Testing

/// Requests outside any dialog, and those that are wrong.
struct RequestTests {
  private static let flow = Flow(
    transport: .udp, id: 1, local: SIPAddress(host: "192.0.2.2", port: 5060), remote: SIPAddress(host: "192.0.2.1", port: 40_000))

  private func agent() -> UserAgent { UserAgent(configuration: VirtualNetwork.configuration(1), seed: 5) }

  private func request(
    _ method: String, via: String = "SIP/2.0/UDP 10.0.0.1:5070;rport;branch=z9hG4bK1", to: String = "<sip:gw@192.0.2.2>", cseq: Int = 1,
    callID: String = "c1", _ more: String = ""
  ) throws -> SIPMessage {
    try message(
      """
      \(method) sip:gw@192.0.2.2 SIP/2.0
      Via: \(via)
      Max-Forwards: 70
      From: <sip:bob@192.0.2.1>;tag=f1
      To: \(to)
      Call-ID: \(callID)
      CSeq: \(cseq) \(method)
      Contact: <sip:bob@10.0.0.1:5070>
      \(more)Content-Length: 0


      """)
  }

  private func responses(_ agent: inout UserAgent) -> [(SIPResponse, Destination)] {
    var found: [(SIPResponse, Destination)] = []
    while let output = agent.nextOutput() {
      if case .transmit(.response(let response), let destination) = output { found.append((response, destination)) }
    }
    return found
  }

  @Test
  func optionsIsAnsweredWithCapabilitiesAndWithoutState() throws {
    var agent = agent()
    agent.receive(try request("OPTIONS"), on: Self.flow, now: .zero)
    let (response, destination) = try #require(responses(&agent).first)
    #expect(response.status == 200)
    #expect(response.headers.has(.allow, "INFO"))
    #expect(response.headers.has(.accept, "application/sdp"))
    #expect(response.headers.contains(.supported))
    #expect(response.headers[.server] == "Kakehashi")
    #expect(response.headers.toTag != nil)
    #expect(destination == .flow(Self.flow))
    #expect(try response.headers.topVia().received == "192.0.2.1")
    #expect(try response.headers.topVia().rport == 40_000)
    #expect(agent.isIdle)
    #expect(agent.nextDeadline == nil)
  }

  @Test
  func withoutRportTheResponseGoesToTheViasPort() throws {
    var agent = agent()
    agent.receive(try request("OPTIONS", via: "SIP/2.0/UDP 10.0.0.1:5070;branch=z9hG4bK1"), on: Self.flow, now: .zero)
    var expected = Self.flow
    expected.remote.port = 5070
    #expect(responses(&agent).first?.1 == .flow(expected))
  }

  @Test
  func onlyTheTopViaOfAListIsMarked() throws {
    var agent = agent()
    let via = "SIP/2.0/UDP 10.0.0.1:5070;rport;branch=z9hG4bK1, SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK0"
    agent.receive(try request("OPTIONS", via: via), on: Self.flow, now: .zero)
    let vias = try #require(responses(&agent).first).0.headers.vias()
    #expect(vias.map(\.received) == ["192.0.2.1", nil])
    #expect(vias.map(\.branch) == ["z9hG4bK1", "z9hG4bK0"])
  }

  @Test(
    arguments: [
      ("BYE", 481), ("INFO", 481), ("PRACK", 481), ("UPDATE", 481), ("SUBSCRIBE", 405), ("REFER", 403), ("CANCEL", 481),
      ("FROBNICATE", 501),
    ])
  func requestsThatBelongToNothing(_ method: String, _ status: Int) throws {
    var agent = agent()
    let to = ["BYE", "INFO", "PRACK", "UPDATE"].contains(method) ? "<sip:gw@192.0.2.2>;tag=gone" : "<sip:gw@192.0.2.2>"
    agent.receive(try request(method, to: to), on: Self.flow, now: .zero)
    let found = responses(&agent)
    #expect(found.map(\.0.status) == [status])
    if status == 405 || status == 501 { #expect(found.first?.0.headers.has(.allow, "INVITE") == true) }
    #expect(agent.isIdle)
  }

  @Test
  func strayACKGetsNoAnswer() throws {
    var agent = agent()
    agent.receive(try request("ACK", to: "<sip:gw@192.0.2.2>;tag=gone"), on: Self.flow, now: .zero)
    #expect(responses(&agent).isEmpty)
    #expect(agent.statistics.unmatchedAcknowledgements == 1)
  }

  @Test
  func strayResponseIsDroppedAndCounted() throws {
    var agent = agent()
    guard case .request(let stray) = try request("OPTIONS") else { return }
    agent.receive(.response(SIPResponse(to: stray, status: 200)), on: Self.flow, now: .zero)
    #expect(agent.nextOutput() == nil)
    #expect(agent.statistics.unmatchedResponses == 1)
  }

  @Test
  func unknownRequiredExtensionGets420() throws {
    var agent = agent()
    agent.receive(try request("INVITE", "Require: timer, foo, bar\r\n"), on: Self.flow, now: .zero)
    let response = try #require(responses(&agent).first).0
    #expect(response.status == 420)
    #expect(response.headers[.unsupported] == "foo, bar")
    #expect(agent.isIdle)
  }

  @Test
  func malformedRequestGets400AndIsCounted() throws {
    var agent = agent()
    let broken = try message(
      """
      INVITE sip:gw@192.0.2.2 SIP/2.0
      Via: SIP/2.0/UDP 10.0.0.1:5070;rport;branch=z9hG4bK1
      From: <sip:bob@192.0.2.1>;tag=f1
      To: <sip:gw@192.0.2.2>
      Call-ID: c1
      CSeq: 1 OPTIONS
      Content-Length: 0


      """)
    agent.receive(broken, on: Self.flow, now: .zero)
    #expect(responses(&agent).map(\.0.status) == [400])
    #expect(agent.statistics.malformed == 1)
  }

  @Test
  func unparsableRequestGetsAResponseWhereOneIsPossible() {
    var agent = agent()
    let text = """
      INVITE sip:gw@192.0.2.2 SIP/3.0
      Via: SIP/2.0/UDP 10.0.0.1:5070;rport;branch=z9hG4bK1
      From: <sip:bob@192.0.2.1>;tag=f1
      To: <sip:gw@192.0.2.2>
      Call-ID: c1
      CSeq: 1 INVITE


      """
    do {
      _ = try message(text)
      #expect(Bool(false), "SIP/3.0 must not parse")
    } catch let error as SIPParseError {
      agent.receiveUnparsable(error, on: Self.flow, now: .zero)
      #expect(responses(&agent).map(\.0.status) == [505])
      #expect(agent.statistics.malformed == 1)
    } catch {
      #expect(Bool(false))
    }
  }

  /// RFC 4475, 3.1.2.1: what cannot be read of the Via is no reason to leave the sender without an answer.
  @Test
  func unreadableViaIsAnsweredWhereTheRequestCameFrom() throws {
    var agent = agent()
    let via = "SIP/2.0/UDP 192.0.2.15;;,;,,"
    do {
      agent.receive(try request("INVITE", via: via), on: Self.flow, now: .zero)
    } catch let error as SIPParseError {
      agent.receiveUnparsable(error, on: Self.flow, now: .zero)
    }
    let (response, destination) = try #require(responses(&agent).first)
    #expect(response.status == 400)
    #expect(destination == .flow(Self.flow))
    #expect(response.headers[.via] == via)
  }

  /// RFC 2543 did not ask for Contact; the caller is reached at its From.
  @Test
  func inviteOfAnOldPeerMayLackContact() throws {
    var agent = agent()
    guard case .request(var invite) = try request("INVITE", via: "SIP/2.0/UDP 10.0.0.1:5070") else { return }
    invite.headers.remove(.contact)
    agent.receive(.request(invite), on: Self.flow, now: .zero)
    #expect(responses(&agent).map(\.0.status) == [100])
    agent.answer(LegID(rawValue: 1), sdp: VirtualNetwork.answer, now: .zero)
    let ok = try #require(responses(&agent).first).0
    guard
      case .request(var ack) = try request("ACK", via: "SIP/2.0/UDP 10.0.0.1:5070", to: "<sip:gw@192.0.2.2>;tag=\(ok.headers.toTag ?? "")")
    else { return }
    ack.headers.remove(.contact)
    agent.receive(.request(ack), on: Self.flow, now: .zero)
    agent.hangUp(LegID(rawValue: 1), reason: nil, now: .zero)
    var bye: SIPRequest?
    while let output = agent.nextOutput() {
      if case .transmit(.request(let sent), _) = output { bye = sent }
    }
    #expect(bye?.method == .bye)
    #expect(bye?.uri.description == "sip:bob@192.0.2.1")
  }

  @Test
  func inviteWithoutContactGets400() throws {
    var agent = agent()
    guard case .request(var invite) = try request("INVITE") else { return }
    invite.headers.remove(.contact)
    agent.receive(.request(invite), on: Self.flow, now: .zero)
    #expect(responses(&agent).map(\.0.status) == [400])
    #expect(agent.isIdle)
  }

  @Test
  func sameRequestByAnotherWayIsMerged() throws {
    var agent = agent()
    agent.receive(try request("INVITE"), on: Self.flow, now: .zero)
    agent.receive(try request("INVITE", via: "SIP/2.0/UDP 10.0.0.1:5070;rport;branch=z9hG4bK2"), on: Self.flow, now: .zero)
    #expect(responses(&agent).map(\.0.status) == [100, 482])
    #expect(agent.statistics.mergedRequests == 1)
  }

  @Test
  func repeatedInviteGetsTheLastResponseAgain() throws {
    var agent = agent()
    agent.receive(try request("INVITE"), on: Self.flow, now: .zero)
    agent.receive(try request("INVITE"), on: Self.flow, now: .zero)
    agent.progress(LegID(rawValue: 1), status: 180, sdp: nil, now: .zero)
    agent.receive(try request("INVITE"), on: Self.flow, now: .zero)
    #expect(responses(&agent).map(\.0.status) == [100, 100, 180, 180])
  }

  @Test
  func inviteOfAnOldPeerMatchesWithoutTheMagicCookie() throws {
    var agent = agent()
    let via = "SIP/2.0/UDP 10.0.0.1:5070;branch=1"
    agent.receive(try request("INVITE", via: via), on: Self.flow, now: .zero)
    agent.receive(try request("INVITE", via: via), on: Self.flow, now: .zero)
    agent.reject(LegID(rawValue: 1), status: 486, reason: nil, now: .zero)
    let sent = responses(&agent)
    #expect(sent.map(\.0.status) == [100, 100, 486])
    let tag = try #require(sent.last?.0.headers.toTag)
    agent.receive(try request("ACK", via: via, to: "<sip:gw@192.0.2.2>;tag=\(tag)"), on: Self.flow, now: .zero)
    // Acknowledged: nothing is sent again, and timer I ends it.
    agent.advance(to: .seconds(6))
    #expect(responses(&agent).isEmpty)
    #expect(agent.isIdle)
  }

  @Test
  func ourOwnInviteThatComesBackIsALoop() throws {
    let network = VirtualNetwork.pair()
    network.passes = { _ in false }
    network.call()
    let invite = try #require(network.requests(.invite).first)
    network.deliver(.request(invite), from: 1, to: 0)
    #expect(network.responses(482).count == 1)
    #expect(network.agents[0].statistics.loops == 1)
  }

  @Test
  func responsesWaitForTheViasAddressWhenTheConnectionIsGone() throws {
    var agent = agent()
    var flow = Self.flow
    flow.transport = .tcp
    flow.id = 77
    agent.receive(try request("INVITE", via: "SIP/2.0/TCP 10.0.0.1:5070;branch=z9hG4bK1"), on: flow, now: .zero)
    _ = responses(&agent)
    agent.flowClosed(flow, now: .zero)
    let (response, destination) = try #require(responses(&agent).first)
    #expect(response.status == 480)
    #expect(destination == .address(.tcp, SIPAddress(host: "192.0.2.1", port: 5070)))
  }

  @Test
  func descriptionIsFoundInAMultipartBody() throws {
    var agent = agent()
    let parts = """
      --b1
      Content-Type: text/plain

      hello
      --b1
      Content-Type: application/sdp

      v=0
      o=a 1 1 IN IP4 192.0.2.1

      --b1--

      """
    guard case .request(var invite) = try request("INVITE") else { return }
    invite.headers.add(.contentType, "multipart/mixed;boundary=b1")
    invite.body = Array(parts.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n").utf8)
    agent.receive(.request(invite), on: Self.flow, now: .zero)
    var sdp: [UInt8]?
    while let output = agent.nextOutput() {
      if case .event(.incoming(_, let incoming)) = output { sdp = incoming.sdp }
    }
    #expect(sdp.map { String(decoding: $0, as: UTF8.self) } == "v=0\r\no=a 1 1 IN IP4 192.0.2.1\r\n")
  }
}

struct IPNetworkTests {
  @Test
  func prefixDecides() throws {
    let network = try #require(IPNetwork("192.0.2.0/24"))
    #expect(network.contains(try #require(IPAddress("192.0.2.255"))))
    #expect(!network.contains(try #require(IPAddress("192.0.3.0"))))
    #expect(network.contains(try #require(IPAddress("::ffff:192.0.2.9"))))
    let all = try #require(IPNetwork("0.0.0.0/0"))
    #expect(all.contains(try #require(IPAddress("8.8.8.8"))))
    #expect(!all.contains(try #require(IPAddress("2001:db8::1"))))
    let version6 = try #require(IPNetwork("2001:db8::/32"))
    #expect(version6.contains(try #require(IPAddress("[2001:db8:1::1]"))))
    #expect(!version6.contains(try #require(IPAddress("2001:db9::1"))))
  }

  @Test(arguments: ["", "192.0.2.0/33", "192.0.2.0/-1", "300.1.1.1", "2001:db8::/129", "host", "192.0.2.0/"])
  func whatIsNoNetworkIsRefused(_ text: String) { #expect(IPNetwork(text) == nil) }
}
