import SIP
import Testing

/// Keys of secure media go over TLS or not at all.
@Suite struct SecrecyTests {
  private static let description = "v=0\r\nm=audio 4000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0\r\na=ptime:20\r\n"

  private func agent() -> UserAgent {
    var configuration = UserAgentConfiguration()
    configuration.endpoints = SIPTransportKind.allCases.map {
      LocalEndpoint(transport: $0, address: SIPAddress(host: "192.0.2.1", port: 5060))
    }
    return UserAgent(configuration: configuration, seed: 1)
  }

  private func invite(_ uri: String, over destination: Destination? = nil) throws -> OutgoingInvite {
    let uri = try SIPURI(parsing: uri)
    return OutgoingInvite(
      uri: uri, from: NameAddress(uri: SIPURI(user: "a", host: "192.0.2.1")), to: NameAddress(uri: uri), sdp: Array(Self.description.utf8),
      destination: destination)
  }

  /// What leaves for an INVITE with a key in it.
  private func sent(_ invite: OutgoingInvite) -> String? {
    var agent = agent()
    _ = agent.invite(invite, now: .zero)
    while let output = agent.nextOutput() {
      if case .transmit(.request(let request), _) = output { return String(decoding: request.body, as: UTF8.self) }
    }
    return nil
  }

  @Test func whatIsPrivate() throws {
    let agent = agent()
    #expect(agent.isPrivate(try invite("sip:bob@192.0.2.9;transport=tls")))
    #expect(agent.isPrivate(try invite("sips:bob@192.0.2.9")))
    #expect(!agent.isPrivate(try invite("sip:bob@192.0.2.9")))
    #expect(!agent.isPrivate(try invite("sip:bob@192.0.2.9;transport=tcp")))
    let address = SIPAddress(host: "192.0.2.9", port: 5061)
    for kind in [SIPTransportKind.udp, .tcp, .tls] {
      let flow = Flow(transport: kind, id: 7, local: SIPAddress(host: "192.0.2.1", port: 5060), remote: address)
      #expect(agent.isPrivate(try invite("sip:bob@192.0.2.9;transport=tls", over: .flow(flow))) == (kind == .tls))
    }
    #expect(!agent.isPrivate(LegID(rawValue: 99)))
  }

  @Test func keysNeverLeaveOverUDPOrTCP() throws {
    let bare = Self.description.split(separator: "\r\n", omittingEmptySubsequences: false).filter { !$0.hasPrefix("a=crypto") }.joined(
      separator: "\r\n")
    #expect(sent(try invite("sip:bob@192.0.2.9")) == bare)
    #expect(sent(try invite("sip:bob@192.0.2.9;transport=tcp")) == bare)
    #expect(sent(try invite("sip:bob@192.0.2.9;transport=tls")) == Self.description)
  }
}
