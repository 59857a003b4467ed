import SIP
import Testing

/// Agent 0 has a trunk; agents 1 and 2 are registrars that know its user `gw`.
struct TrunkRegistrationTests {
  static func trunk(_ registrars: [Int] = [1], transport: SIPTransportKind = .udp, _ change: (inout SIPTrunk) -> Void = { _ in })
    -> SIPTrunk
  {
    var trunk = SIPTrunk(name: "pbx")
    var registration = SIPTrunk.Registration(
      registrars: registrars.map { SIPURI(address: VirtualNetwork.address($0), transport: transport) }, user: "gw")
    registration.instance = "urn:uuid:00000000-0000-1000-8000-00000000000a"
    registration.lineToken = "0123456789abcdef"
    trunk.registration = registration
    trunk.credentials = SIPCredentials(user: "gw", password: "secret")
    change(&trunk)
    return trunk
  }

  static func network(
    _ trunk: SIPTrunk, transport: SIPTransportKind = .udp, seed: UInt64 = 1, loss: Double = 0,
    _ change: (Int, inout UserAgentConfiguration) -> Void = { _, _ in }
  ) -> VirtualNetwork {
    let agents = (0..<3).map { index in
      var configuration = VirtualNetwork.configuration(index)
      configuration.requiresAuthentication = true
      configuration.sessionExpires = 0
      if index == 0 {
        configuration.trunks = [trunk]
      } else {
        configuration.accounts = [SIPAccount(user: "gw", password: "secret"), SIPAccount(user: "alice", password: "wonder")]
      }
      change(index, &configuration)
      return UserAgent(configuration: configuration, seed: seed &* 3 &+ UInt64(index))
    }
    return VirtualNetwork(agents, seed: seed, conditions: .init(loss: loss, transport: transport))
  }

  private func state(_ network: VirtualNetwork) throws -> TrunkState { try #require(network.agents[0].trunkStates.first) }

  @Test(arguments: [SIPTransportKind.udp, .tcp], [[DigestAlgorithm.md5], [.sha256, .md5]])
  func registersWithDigest(transport: SIPTransportKind, algorithms: [DigestAlgorithm]) throws {
    let network = Self.network(Self.trunk(transport: transport), transport: transport) { $1.digestAlgorithms = algorithms }
    network.run(until: .seconds(1))
    #expect(network.ladder.prefix(4) == ["0 REGISTER", "1 401 REGISTER", "0 REGISTER", "1 200 REGISTER"])
    #expect(network.names(0) == ["trunk pbx trying", "trunk pbx registered"])
    #expect(network.names(1).contains("registered gw 1"))
    let state = try state(network)
    #expect(state.kind == .registered && state.flow?.remote == VirtualNetwork.address(1) && state.failures == 0)
    let contact = try #require(network.agents[1].bindings(of: "gw", now: network.now).first)
    #expect(contact.uri.user == "gw" && contact.uri.parameters["line"] == "0123456789abcdef" && contact.uri.parameters.contains("ob"))
    #expect(contact.uri.address == VirtualNetwork.address(0) && contact.uri.transportKind == transport)
  }

  /// A week over a network that loses a third of all packets: the binding never ends.
  @Test(arguments: [UInt64(1), 2, 3]) func staysRegisteredWhateverIsLost(seed: UInt64) throws {
    let network = Self.network(Self.trunk { $0.registration?.expiry = .seconds(600) }, seed: seed, loss: 0.33)
    var missing = 0
    var checks = 0
    for hour in 1...48 {
      network.run(until: .seconds(3600 * hour))
      checks += 1
      if network.agents[1].bindings(of: "gw", now: network.now).isEmpty { missing += 1 }
    }
    #expect(missing == 0 && checks == 48)
    #expect(try state(network).kind == .registered)
    #expect(network.agents[1].bindings(of: "gw", now: network.now).count == 1)
  }

  @Test func refreshesBeforeTheEnd() throws {
    let network = Self.network(Self.trunk { $0.registration?.expiry = .seconds(120) })
    network.run(until: .seconds(3600))
    let registers = network.requests(.register).count
    // Each refresh after 83 s at the most and 60 s at the least, once challenged when the nonce is too old.
    #expect(registers >= 44 && registers <= 140, "\(registers)")
    #expect(!network.names(1).contains("unregistered gw"))
  }

  @Test func aWrongPasswordIsSaidAndTriedAgainEverLater() throws {
    let network = Self.network(Self.trunk { $0.credentials?.password = "wrong" })
    network.run(until: .seconds(1))
    var state = try state(network)
    #expect(state.kind == .failed && state.lastError?.contains("wrong user or password") == true)
    let next = try #require(state.nextAttempt)
    #expect(next >= .seconds(30) && next <= .seconds(61))
    network.run(until: .seconds(24 * 3600))
    state = try self.state(network)
    // 30 min at the longest between two tries.
    #expect(state.failures >= 48 && state.failures <= 110, "\(state.failures)")
    #expect(!network.names(1).contains("registered gw 1"))
  }

  @Test func theSecondRegistrarServesWhenTheFirstIsSilent() throws {
    let network = Self.network(Self.trunk([1, 2]))
    var isDown = true
    network.passes = { sent in
      guard isDown, case .request(let request) = sent.message else { return true }
      return request.uri.address != VirtualNetwork.address(1)
    }
    network.run(until: .seconds(40))
    #expect(try state(network).server?.address == VirtualNetwork.address(2))
    #expect(network.names(2).contains("registered gw 1"))
    // It comes back to the first when the second is gone.
    isDown = false
    network.passes = { sent in
      guard case .request(let request) = sent.message else { return true }
      return request.uri.address != VirtualNetwork.address(2)
    }
    network.run(until: .seconds(700))
    #expect(try state(network).server?.address == VirtualNetwork.address(1))
    #expect(network.names(1).contains("registered gw 1"))
  }

  @Test func silenceEverywhereIsWaitedOut() throws {
    let network = Self.network(Self.trunk())
    var isDown = true
    network.passes = { _ in !isDown }
    network.run(until: .seconds(33))
    #expect(try state(network).kind == .failed)
    #expect(try state(network).lastError == "192.0.2.2:5060 does not answer")
    isDown = false
    network.run(until: .seconds(33 + 61))
    #expect(try state(network).kind == .registered)
  }

  @Test func aLostConnectionIsReplaced() throws {
    let network = Self.network(Self.trunk(transport: .tcp), transport: .tcp)
    network.run(until: .seconds(10))
    let before = network.requests(.register).count
    network.agents[0].flowClosed(network.flow(at: 0, to: 1), now: network.now)
    network.drain()
    #expect(try state(network).kind == .failed)
    network.run(until: .seconds(24))
    #expect(network.requests(.register).count == before)
    network.run(until: .seconds(41))
    #expect(try state(network).kind == .registered)
    #expect(network.requests(.register).count > before)
  }

  @Test func stopTakesTheRegistrationBack() throws {
    let network = Self.network(Self.trunk())
    network.run(until: .seconds(10))
    network.agents[0].stopTrunks(now: network.now)
    network.run(until: .seconds(11))
    #expect(network.names(1).last == "unregistered gw")
    #expect(network.names(0).last == "trunk pbx unregistered")
    #expect(!network.agents[0].hasTrunkRegistrations)
    network.run(until: .seconds(5000))
    #expect(network.names(1).last == "unregistered gw")
    #expect(network.agents[0].isIdle)
  }

  @Test func anotherPublicAddressIsRegistered() throws {
    let network = Self.network(Self.trunk())
    network.run(until: .seconds(10))
    network.agents[0].configuration.publicAddress = SIPAddress(host: "203.0.113.5", port: 0)
    network.run(until: .seconds(11))
    let contacts = network.agents[1].bindings(of: "gw", now: network.now)
    #expect(contacts.map(\.uri.host) == ["203.0.113.5"])
  }

  @Test func aTrunkThatIsTakenOutIsUnregistered() throws {
    let network = Self.network(Self.trunk())
    network.run(until: .seconds(10))
    network.agents[0].configuration.trunks = []
    network.run(until: .seconds(11))
    #expect(network.names(1).last == "unregistered gw")
    #expect(network.agents[0].trunkStates.isEmpty && !network.agents[0].hasTrunkRegistrations)
  }

  @Test func aChangedTrunkIsRegisteredAnewAnUnchangedOneIsLeftAlone() throws {
    let network = Self.network(Self.trunk())
    network.run(until: .seconds(10))
    let before = network.requests(.register).count
    network.agents[0].configuration.trunks = [Self.trunk { $0.fromUser = "100" }]
    network.run(until: .seconds(20))
    #expect(network.requests(.register).count == before)
    network.agents[0].configuration.trunks = [Self.trunk([2])]
    network.run(until: .seconds(30))
    #expect(network.names(1).last == "unregistered gw" && network.names(2).last == "registered gw 1")
    #expect(network.agents[0].trunkStates.map(\.kind) == [.registered])
  }

  // MARK: Keep-alives

  @Test func keepAlivesOverUDP() throws {
    let network = Self.network(Self.trunk())
    network.run(until: .seconds(600))
    let times = network.keepAlives[0].map(\.time)
    #expect(times.count >= 20 && times.count <= 26)
    for (first, second) in zip(times, times.dropFirst()) {
      #expect(second - first >= .seconds(23) && second - first <= .seconds(29))
    }
    #expect(network.keepAlives[0].allSatisfy { $0.flow.remote == VirtualNetwork.address(1) })
  }

  @Test func nobodyOnTheFlowIsNoticed() throws {
    let network = Self.network(Self.trunk(transport: .tcp), transport: .tcp)
    network.run(until: .seconds(1))
    try #require(network.agents[0].trunkStates.first?.kind == .registered)
    // Our registrar says that it answers keep-alives; nobody does.
    network.run(until: .seconds(132))
    #expect(network.keepAlives[0].count == 1)
    #expect(network.closedFlows[0] == [network.flow(at: 0, to: 1)])
    #expect(try state(network).kind == .failed)
    network.run(until: .seconds(162))
    #expect(try state(network).kind == .registered)
  }

  @Test func anAnsweredKeepAliveKeepsTheFlow() throws {
    let network = Self.network(Self.trunk(transport: .tcp), transport: .tcp)
    for second in 1...900 {
      network.run(until: .seconds(second))
      guard let last = network.keepAlives[0].last, last.time > .seconds(second - 1) else { continue }
      network.agents[0].keepAliveAnswered(on: last.flow, now: network.now)
    }
    #expect(network.keepAlives[0].count >= 7 && network.closedFlows[0].isEmpty)
    #expect(try state(network).kind == .registered)
  }

  @Test func theRegistrarKeepsAContactForEachFlowAndCallsTheLatest() throws {
    let network = Self.network(Self.trunk())
    network.run(until: .seconds(10))
    let accepted = try #require(network.responses(200).last)
    #expect(accepted.headers.has(.require, "outbound") && accepted.headers[.flowTimer] == "29")
    let first = try #require(network.agents[1].bindings(of: "gw", now: network.now).first)
    #expect(first.uri.port == 5060)
    // The same device, another flow, another address.
    network.agents[1].configuration.requiresAuthentication = false
    let register = try message(
      """
      REGISTER sip:192.0.2.2 SIP/2.0
      Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1
      From: <sip:gw@192.0.2.2>;tag=1
      To: <sip:gw@192.0.2.2>
      Call-ID: second
      CSeq: 1 REGISTER
      Supported: outbound, path
      Contact: <sip:gw@192.0.2.1:5062>;+sip.instance="<urn:uuid:00000000-0000-1000-8000-00000000000a>";reg-id=2
      Content-Length: 0


      """)
    network.deliver(register, from: 0, to: 1)
    network.run(until: .seconds(11))
    let listed = try #require(network.responses(200).last)
    #expect(listed.headers.count(of: .contact) == 2)
    #expect(network.agents[1].bindings(of: "gw", now: network.now).map(\.uri.port) == [5062])
  }
}
