import SIP
import Testing

/// IPv6 literals wherever an address stands.
struct IPv6Tests {
  private static let gateway = SIPAddress(host: "2001:db8::2", port: 5060)
  private static let flow = Flow(transport: .udp, id: 1, local: gateway, remote: SIPAddress(host: "2001:db8::9:1", port: 40_000))

  private func agent() -> UserAgent {
    var configuration = UserAgentConfiguration()
    configuration.requiresAuthentication = false
    configuration.endpoints = [
      LocalEndpoint(transport: .udp, address: SIPAddress(host: "192.0.2.2", port: 5060)),
      LocalEndpoint(transport: .udp, address: Self.gateway),
    ]
    return UserAgent(configuration: configuration, seed: 1)
  }

  private func invite(via: String) throws -> SIPMessage {
    try message(
      """
      INVITE sip:0312345678@[2001:db8::2] SIP/2.0
      Via: \(via)
      Record-Route: <sip:[2001:db8::77]:5070;lr>
      Max-Forwards: 70
      From: <sip:bob@[2001:db8::1]>;tag=f1
      To: <sip:0312345678@[2001:db8::2]>
      Call-ID: c1@[2001:db8::1]
      CSeq: 1 INVITE
      Contact: <sip:bob@[2001:DB8::1]:5070>
      Content-Length: 0


      """)
  }

  private func sent(_ agent: inout UserAgent) -> [(SIPMessage, Destination)] {
    var result: [(SIPMessage, Destination)] = []
    while let output = agent.nextOutput() {
      if case .transmit(let message, let destination) = output { result.append((message, destination)) }
    }
    return result
  }

  @Test
  func callIsAnsweredAndEndedThroughItsRoute() throws {
    var agent = agent()
    agent.receive(try invite(via: "SIP/2.0/UDP [2001:db8::1]:5070;rport;branch=z9hG4bK1"), on: Self.flow, now: .zero)
    agent.answer(LegID(rawValue: 1), sdp: VirtualNetwork.answer, now: .zero)
    let answers = sent(&agent)
    guard case .response(let ok)? = answers.last?.0 else { return #expect(Bool(false)) }
    let text = String(decoding: ok.serialize(), as: UTF8.self)
    #expect(text.contains("Via: SIP/2.0/UDP [2001:db8::1]:5070;rport=40000;branch=z9hG4bK1;received=2001:db8::9:1\r\n"))
    #expect(text.contains("Contact: <sip:0312345678@[2001:db8::2]:5060>\r\n"))
    #expect(text.contains("Record-Route: <sip:[2001:db8::77]:5070;lr>\r\n"))
    #expect(answers.last?.1 == .flow(Self.flow))
    guard case .request(var ack) = try invite(via: "SIP/2.0/UDP [2001:db8::1]:5070;branch=z9hG4bK2") else { return }
    ack.method = .ack
    ack.headers.set(.cseq, CSeq(1, .ack))
    ack.headers.copy(.via, from: ok.headers)
    ack.headers.set(.to, try ok.headers.to())
    agent.receive(.request(ack), on: Self.flow, now: .zero)
    agent.hangUp(LegID(rawValue: 1), reason: nil, now: .zero)
    guard let (message, destination) = sent(&agent).last, case .request(let bye) = message else { return #expect(Bool(false)) }
    let byeText = String(decoding: bye.serialize(), as: UTF8.self)
    #expect(byeText.hasPrefix("BYE sip:bob@[2001:db8::1]:5070 SIP/2.0\r\n"))
    #expect(byeText.contains("Route: <sip:[2001:db8::77]:5070;lr>\r\n"))
    #expect(byeText.contains("Via: SIP/2.0/UDP [2001:db8::2]:5060;rport;branch="))
    #expect(destination == .address(.udp, SIPAddress(host: "2001:db8::77", port: 5070)))
  }

  @Test
  func addressWrittenInAnotherWayIsTheSame() throws {
    var agent = agent()
    agent.receive(try invite(via: "SIP/2.0/UDP [2001:DB8:0::0009:1]:40000;branch=z9hG4bK1"), on: Self.flow, now: .zero)
    guard case .response(let trying)? = sent(&agent).first?.0 else { return #expect(Bool(false)) }
    #expect(try trying.headers.topVia().received == nil)
  }

  @Test(arguments: ["[2001:db8::9:255]", "2001:db8::9:255"])
  func receivedIsReadWithAndWithoutBrackets(_ text: String) throws {
    let via = try message("SIP/2.0 200 OK\nVia: SIP/2.0/UDP [2001:db8::9:1];received=\(text);branch=z9hG4bK1\n\n").headers.topVia()
    #expect(via.received == "2001:db8::9:255")
    #expect(via.branch == "z9hG4bK1")
  }

  @Test
  func outgoingCallNamesTheListenerOfTheSameFamily() {
    var agent = agent()
    let target = SIPURI(user: "1", address: SIPAddress(host: "2001:db8::5", port: 5080))
    _ = agent.invite(
      OutgoingInvite(uri: target, from: NameAddress(uri: SIPURI(user: "g", host: "2001:db8::2")), to: NameAddress(uri: target), sdp: nil),
      now: .zero)
    guard let (message, destination) = sent(&agent).first, case .request(let request) = message else { return #expect(Bool(false)) }
    #expect(destination == .address(.udp, SIPAddress(host: "2001:db8::5", port: 5080)))
    let text = String(decoding: request.serialize(), as: UTF8.self)
    #expect(text.hasPrefix("INVITE sip:1@[2001:db8::5]:5080 SIP/2.0\r\n"))
    #expect(text.contains("Via: SIP/2.0/UDP [2001:db8::2]:5060;"))
    #expect(text.contains("Contact: <sip:g@[2001:db8::2]:5060>"))
    #expect(text.contains("From: <sip:g@[2001:db8::2]>;tag="))
  }

  @Test(
    arguments: [
      ("[2001:db8::10:5070]", "2001:db8::10:5070"), ("[::1]", "::1"), ("[::ffff:192.0.2.2]", "::ffff:192.0.2.2"),
      ("[2001:db8:::192.0.2.1]", "2001:db8::192.0.2.1"), ("[1:2:3:4:5:6:7:8]", "1:2:3:4:5:6:7:8"),
    ])
  func hostIsRead(_ text: String, _ host: String) throws {
    let uri = try SIPURI(parsing: "sip:\(text)")
    #expect(uri.host == host)
    #expect(uri.port == nil)
  }

  @Test(arguments: ["2001:db8::10", "[2001:db8::10", "[2001:db8:::1]", "[1::2::3]", "[12345::1]", "[1:2]", "[::::1.2.3.4]", "[]"])
  func whatIsNoHostIsRefused(_ text: String) { #expect((try? SIPURI(parsing: "sip:\(text)")) == nil) }
}
