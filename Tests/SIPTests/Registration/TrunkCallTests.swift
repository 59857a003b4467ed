import SIP
import Testing

/// Calls by a trunk, both ways: agent 0 has the trunk, agent 1 is its registrar, agent 2 a stranger.
struct TrunkCallTests {
  private static let number = "0333331234"

  private func identity(_ network: VirtualNetwork) throws -> PeerIdentity { try #require(incoming(network)).identity }

  private func incoming(_ network: VirtualNetwork) -> IncomingInvite? {
    for case .incoming(_, let invite) in network.events[0] { return invite }
    return nil
  }

  private func registered(
    transport: SIPTransportKind = .udp, _ change: (inout SIPTrunk) -> Void = { _ in },
    _ configure: (Int, inout UserAgentConfiguration) -> Void = { _, _ in }
  ) throws -> VirtualNetwork {
    let network = TrunkRegistrationTests.network(
      TrunkRegistrationTests.trunk(transport: transport, change), transport: transport, configure)
    network.run(until: .seconds(1))
    try #require(network.agents[0].trunkStates.first?.kind == .registered)
    return network
  }

  private func call(_ network: VirtualNetwork, from sender: Int, to uri: SIPURI, on flow: Flow? = nil) {
    var invite = OutgoingInvite(
      uri: uri, from: NameAddress(uri: SIPURI(user: "0312345678", host: "example.com")),
      to: NameAddress(uri: SIPURI(user: Self.number, host: "example.com")),
      sdp: VirtualNetwork.offer, destination: flow.map { .flow($0) } ?? .address(uri.transportKind, VirtualNetwork.address(0)))
    invite.assertedIdentities = [NameAddress(uri: SIPURI(user: "0399999999", host: "example.com"))]
    _ = network.agents[sender].invite(invite, now: network.now)
    network.run(until: network.now + .seconds(1))
  }

  // MARK: In

  @Test func theRegistrarCallsTheContact() throws {
    let network = try registered()
    let contact = try #require(network.agents[1].bindings(of: "gw", now: network.now).first)
    call(network, from: 1, to: contact.uri, on: contact.flow)
    let invite = try #require(incoming(network))
    #expect(invite.identity == .trunk("pbx"))
    #expect(invite.dialled.user == Self.number)
    #expect(invite.assertedIdentities.map(\.uri.user) == ["0399999999"])
  }

  @Test func theRegistrarPutsTheNumberIntoTheContact() throws {
    let network = try registered()
    var uri = try #require(network.agents[1].bindings(of: "gw", now: network.now).first).uri
    uri.user = "117"
    call(network, from: 1, to: uri)
    #expect(try identity(network) == .trunk("pbx"))
    #expect(incoming(network)?.dialled.user == "117")
  }

  /// Over UDP anybody can write the registrar's address on a packet.
  @Test func theAddressAloneIsNotEnoughOverUDP() throws {
    let network = try registered()
    call(network, from: 1, to: SIPURI(user: Self.number, address: VirtualNetwork.address(0)))
    #expect(incoming(network) == nil)
    #expect(network.names(0).contains("refused challenged INVITE"))
  }

  @Test func aWrongLineIsNotEnough() throws {
    let network = try registered()
    var uri = SIPURI(user: Self.number, address: VirtualNetwork.address(0))
    uri.parameters["line"] = "0123456789abcdee"
    call(network, from: 1, to: uri)
    #expect(incoming(network) == nil)
  }

  @Test func theLineFromElsewhereIsNotEnough() throws {
    let network = try registered()
    let contact = try #require(network.agents[1].bindings(of: "gw", now: network.now).first)
    call(network, from: 2, to: contact.uri)
    #expect(incoming(network) == nil)
    #expect(network.names(0).contains("refused challenged INVITE"))
  }

  @Test func whoeverAnswersAtTheRegistrarsAddressIsTheRegistrar() throws {
    let network = try registered(transport: .tcp)
    call(
      network, from: 1, to: SIPURI(user: Self.number, address: VirtualNetwork.address(0), transport: .tcp), on: network.flow(at: 1, to: 0))
    #expect(try identity(network) == .trunk("pbx"))
  }

  @Test func aStrangerByTCPIsNot() throws {
    let network = try registered(transport: .tcp)
    call(
      network, from: 2, to: SIPURI(user: Self.number, address: VirtualNetwork.address(0), transport: .tcp), on: network.flow(at: 2, to: 0))
    #expect(incoming(network) == nil)
  }

  @Test func networksAreTakenAtTheirWord() throws {
    var trunk = SIPTrunk(name: "office")
    trunk.networks = ["192.0.2.3/32"].compactMap { IPNetwork($0) }
    let network = TrunkRegistrationTests.network(trunk)
    network.run(until: .seconds(1))
    #expect(network.agents[0].trunkStates.map(\.kind) == [.accepting])
    call(network, from: 2, to: SIPURI(user: Self.number, address: VirtualNetwork.address(0)))
    #expect(try identity(network) == .trunk("office"))
    #expect(incoming(network)?.dialled.user == Self.number)
  }

  @Test func othersAreNot() throws {
    var trunk = SIPTrunk(name: "office")
    trunk.networks = ["192.0.2.3/32"].compactMap { IPNetwork($0) }
    let network = TrunkRegistrationTests.network(trunk)
    network.run(until: .seconds(1))
    call(network, from: 1, to: SIPURI(user: Self.number, address: VirtualNetwork.address(0)))
    #expect(incoming(network) == nil)
  }

  @Test(arguments: [
    ("secret", "192.0.2.3/32", true), ("wrong", "192.0.2.3/32", false), ("secret", "198.51.100.0/24", false), ("secret", nil, true),
  ])
  func challengedCallsHaveToProveThemselves(password: String, place: String?, isLetIn: Bool) throws {
    var trunk = SIPTrunk(name: "office")
    trunk.networks = place.flatMap { IPNetwork($0) }.map { [$0] } ?? []
    trunk.challengesCalls = true
    trunk.credentials = SIPCredentials(user: "office", password: "secret")
    let network = TrunkRegistrationTests.network(trunk)
    network.run(until: .seconds(1))
    var invite = OutgoingInvite(
      uri: SIPURI(user: Self.number, address: VirtualNetwork.address(0)), from: NameAddress(uri: SIPURI(user: "x", host: "y")),
      to: NameAddress(uri: SIPURI(user: Self.number, host: "y")), sdp: VirtualNetwork.offer)
    invite.credentials = [SIPCredentials(user: "office", password: password)]
    _ = network.agents[2].invite(invite, now: network.now)
    network.run(until: network.now + .seconds(1))
    #expect((incoming(network)?.identity == .trunk("office")) == isLetIn)
  }

  /// A trunk is no account: its address and its password let nobody register.
  @Test func aTrunkRegistersNobody() throws {
    var trunk = SIPTrunk(name: "office")
    trunk.networks = ["192.0.2.0/24"].compactMap { IPNetwork($0) }
    let network = TrunkRegistrationTests.network(trunk) { index, configuration in
      if index == 0 { configuration.accounts = [SIPAccount(user: "bob", password: "secret")] }
    }
    network.run(until: .seconds(1))
    let register = try message(
      """
      REGISTER sip:192.0.2.1 SIP/2.0
      Via: SIP/2.0/UDP 192.0.2.3:5060;branch=z9hG4bK1
      From: <sip:bob@192.0.2.1>;tag=1
      To: <sip:bob@192.0.2.1>
      Call-ID: 1
      CSeq: 1 REGISTER
      Contact: <sip:bob@192.0.2.3>
      Content-Length: 0


      """)
    network.deliver(register, from: 2, to: 0)
    network.run(until: network.now + .seconds(1))
    #expect(network.agents[0].bindings(of: "bob", now: network.now).isEmpty)
    #expect(network.responses(401).count == 1)
  }

  // MARK: Out

  private func place(_ network: VirtualNetwork, _ uri: String, _ change: (inout OutgoingInvite) -> Void = { _ in }) throws {
    var invite = OutgoingInvite(
      uri: try SIPURI(parsing: uri), from: NameAddress(uri: SIPURI(user: "0312345678", host: "192.0.2.1"), displayName: "Taro"),
      to: NameAddress(uri: try SIPURI(parsing: uri)), sdp: VirtualNetwork.offer)
    change(&invite)
    _ = network.agents[0].invite(invite, now: network.now)
    network.run(until: network.now + .seconds(60))
  }

  @Test(arguments: ["sip:100@pbx", "sip:100@PBX", "sip:100@192.0.2.2", "sip:100@192.0.2.2:5060"])
  func aCallGoesThroughTheTrunkItsHostNames(uri: String) throws {
    let network = try registered()
    network.answersCalls()
    try place(network, uri)
    let invites = network.requests(.invite)
    #expect(invites.count == 2, "challenged, then answered")
    let last = try #require(invites.last)
    #expect(last.uri.description == "sip:100@192.0.2.2:5060")
    #expect(last.headers.digestCredentials(.authorization, realm: "kakehashi")?.username == "gw")
    #expect(try last.headers.from().uri.description == "sip:0312345678@192.0.2.2")
    #expect(try last.headers.contact()?.uri.user == "gw")
    #expect(network.names(0).contains("answered sdp"))
    guard case .incoming(_, let invite)? = network.events[1].first(where: { if case .incoming = $0 { true } else { false } }) else {
      Issue.record("no call came in")
      return
    }
    #expect(invite.identity == .account("gw"))
  }

  @Test func theTrunksUserCallsAndTheCallerIsAsserted() throws {
    let network = try registered({ $0.fromUser = "5550100" })
    network.answersCalls()
    try place(network, "sip:100@pbx") { $0.assertedIdentities = [$0.from] }
    let last = try #require(network.requests(.invite).last)
    #expect(try last.headers.from().uri.description == "sip:5550100@192.0.2.2")
    #expect(try last.headers.from().displayName == "Taro")
    #expect(try last.headers.assertedIdentities().map(\.uri.user) == ["0312345678"])
  }

  @Test func aWithheldCallerStaysUnknown() throws {
    let network = try registered({ $0.fromUser = "5550100" })
    network.answersCalls()
    try place(network, "sip:100@pbx") {
      $0.from = NameAddress(uri: SIPURI(user: "anonymous", host: "anonymous.invalid"), displayName: "Anonymous")
      $0.privacy = ["id"]
    }
    let last = try #require(network.requests(.invite).last)
    #expect(try last.headers.from().uri.description == "sip:anonymous@anonymous.invalid")
    #expect(try last.headers.assertedIdentities().map(\.uri.description) == ["sip:5550100@192.0.2.2"])
    #expect(last.headers[.privacy] == "id")
  }

  @Test func domainProxyAndRouteAreTheTrunks() throws {
    var trunk = SIPTrunk(name: "provider")
    trunk.domain = "example.com"
    trunk.server = SIPURI(host: "sip.example.com")
    trunk.outboundProxy = SIPURI(address: VirtualNetwork.address(1))
    trunk.credentials = SIPCredentials(user: "gw", password: "secret")
    let network = TrunkRegistrationTests.network(trunk)
    network.answersCalls()
    network.run(until: .seconds(1))
    try place(network, "sip:100@example.com")
    let last = try #require(network.requests(.invite).last)
    #expect(last.uri.description == "sip:100@example.com")
    #expect(last.headers[.route] == "<sip:192.0.2.2:5060;lr>")
    #expect(try last.headers.from().uri.host == "example.com")
  }

  @Test(arguments: [true, false]) func theNextServerIsCalledWhenTheFirstIsGone(isSilent: Bool) throws {
    let network = TrunkRegistrationTests.network(TrunkRegistrationTests.trunk([1, 2])) { index, configuration in
      if index == 1, !isSilent { configuration.limits.legs = 0 }
    }
    network.run(until: .seconds(1))
    network.react = { network, index, event in
      guard index == 2, case .incoming(let leg, _) = event else { return }
      network.agents[2].answer(leg, sdp: VirtualNetwork.answer, now: network.now)
    }
    if isSilent {
      network.passes = { sent in
        guard case .request(let request) = sent.message else { return true }
        return request.uri.address != VirtualNetwork.address(1)
      }
    }
    try place(network, "sip:100@pbx")
    #expect(network.names(0).contains("answered sdp"))
    let last = try #require(network.requests(.invite).last)
    #expect(last.uri.description == "sip:100@192.0.2.3:5060")
  }

  @Test func aRefusalIsNotCarriedToTheNext() throws {
    let network = TrunkRegistrationTests.network(TrunkRegistrationTests.trunk([1, 2]))
    network.run(until: .seconds(1))
    network.react = { network, index, event in
      guard index == 1, case .incoming(let leg, _) = event else { return }
      network.agents[1].reject(leg, status: 486, reason: nil, now: network.now)
    }
    try place(network, "sip:100@pbx")
    #expect(network.names(0).contains("failed 486"))
    #expect(!network.requests(.invite).contains { $0.uri.host == "192.0.2.3" })
  }

  @Test func otherCallsAreNoneOfTheTrunks() throws {
    let network = try registered()
    try place(network, "sip:100@192.0.2.3")
    let last = try #require(network.requests(.invite).last)
    #expect(last.uri.description == "sip:100@192.0.2.3")
    #expect(!last.headers.contains(.authorization))
    #expect(try last.headers.from().uri.host == "192.0.2.1")
  }
}
