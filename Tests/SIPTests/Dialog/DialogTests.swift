import SIP
import Testing

/// Route sets, targets and sequence numbers of dialogs that a peer makes (RFC 3261 §12).
struct DialogTests {
  private let flow = Flow(
    transport: .udp, id: 1, local: SIPAddress(host: "192.0.2.2", port: 5060), remote: SIPAddress(host: "192.0.2.1", port: 5060))

  /// A call that was answered, and the BYE we send, with where it goes.
  private func bye(_ inviteHeaders: String, flow: Flow? = nil) throws -> (SIPRequest, Destination) {
    var agent = UserAgent(configuration: VirtualNetwork.configuration(1), seed: 5)
    let flow = flow ?? self.flow
    let transport = flow.transport.viaToken
    guard
      case .request(let invite) = try message(
        """
        INVITE sip:gw@192.0.2.2 SIP/2.0
        Via: SIP/2.0/\(transport) 192.0.2.1:5060;branch=z9hG4bK1
        \(inviteHeaders)From: Bob <sip:bob@example.com>;tag=f1
        To: <sip:gw@192.0.2.2>
        Call-ID: c1
        CSeq: 7 INVITE
        Contact: <sip:bob@10.0.0.9:5062;transport=udp>
        Content-Length: 0


        """)
    else { throw SIPParseError(.notSIP, "", offset: 0) }
    agent.receive(.request(invite), on: flow, now: .zero)
    agent.answer(LegID(rawValue: 1), sdp: VirtualNetwork.offer, now: .zero)
    var ok: SIPResponse?
    while let output = agent.nextOutput() {
      if case .transmit(.response(let response), _) = output, response.status == 200 { ok = response }
    }
    let answer = try #require(ok)
    #expect(try answer.headers.recordRoutes() == invite.headers.recordRoutes())
    var ack = SIPRequest(method: .ack, uri: try #require(try answer.headers.contact()).uri)
    ack.headers.add(.via, Via(flow.transport, sentBy: flow.remote, branch: "z9hG4bKack"))
    ack.headers.copy(.from, from: invite.headers)
    ack.headers.copy(.to, from: answer.headers)
    ack.headers.copy(.callID, from: invite.headers)
    ack.headers.add(.cseq, CSeq(7, .ack))
    agent.receive(.request(ack), on: flow, now: .zero)
    agent.hangUp(LegID(rawValue: 1), reason: nil, now: .zero)
    var found: (SIPRequest, Destination)?
    while let output = agent.nextOutput() {
      if case .transmit(.request(let request), let destination) = output { found = (request, destination) }
    }
    return try #require(found)
  }

  @Test
  func adjacentPeerIsReachedOverItsFlowWhateverItsContactSays() throws {
    let (bye, destination) = try bye("")
    #expect(destination == .flow(flow))
    #expect(bye.uri.host == "10.0.0.9")
    #expect(try bye.headers.from().tag?.isEmpty == false)
    #expect(try bye.headers.to().tag == "f1")
    #expect(try bye.headers.to().displayName == "Bob")
    #expect(try bye.headers.cseq() == CSeq(1, .bye))
  }

  @Test
  func proxyThatDoesNotRecordItselfIsLeftOut() throws {
    let (_, destination) = try bye("Via: SIP/2.0/UDP 10.0.0.9:5062;branch=z9hG4bK0\r\n".replacingLineEnds)
    #expect(destination == .address(.udp, SIPAddress(host: "10.0.0.9", port: 5062)))
  }

  @Test
  func recordRouteIsFollowedInOrder() throws {
    let (bye, destination) = try bye(
      "Record-Route: <sip:near@192.0.2.7:5080;lr>\r\nRecord-Route: <sip:far@192.0.2.8;lr>\r\n".replacingLineEnds)
    #expect(destination == .address(.udp, SIPAddress(host: "192.0.2.7", port: 5080)))
    #expect(try bye.headers.routes().map(\.uri.user) == ["near", "far"])
    #expect(bye.uri.user == "bob")
  }

  @Test
  func strictRouterGetsItselfInTheRequestLine() throws {
    let (bye, destination) = try bye("Record-Route: <sip:near@192.0.2.7>, <sip:far@192.0.2.8;lr>\r\n".replacingLineEnds)
    #expect(bye.uri.user == "near")
    #expect(try bye.headers.routes().map(\.uri.user) == ["far", "bob"])
    #expect(destination == .address(.udp, SIPAddress(host: "192.0.2.7", port: 5060)))
  }

  @Test
  func connectionOfAProxyIsUsedAgain() throws {
    var connection = flow
    connection.transport = .tcp
    connection.id = 40
    let (_, destination) = try bye("Record-Route: <sip:near@192.0.2.7;lr;transport=tcp>\r\n".replacingLineEnds, flow: connection)
    #expect(destination == .flow(connection))
  }
}

extension String {
  /// Texts for `message` end their lines in LF.
  fileprivate var replacingLineEnds: String { split(separator: "\r\n").map { $0 + "\n" }.joined() }
}
