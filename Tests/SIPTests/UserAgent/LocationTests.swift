import SIP
import Testing

/// A user agent whose look-ups and messages the test sees.
private struct Rig {
  var agent: UserAgent
  var now = Duration.zero
  var asked: [SIPURI] = []
  var failed: [LocatedServer] = []
  var sent: [(SIPMessage, Destination)] = []
  var events: [UserAgent.Event] = []

  init(change: (inout UserAgentConfiguration) -> Void = { _ in }) {
    var configuration = UserAgentConfiguration()
    configuration.endpoints = SIPTransportKind.allCases.map {
      LocalEndpoint(transport: $0, address: SIPAddress(host: "192.168.1.2", port: $0 == .tls ? 5061 : 5060))
    }
    configuration.locatesServers = true
    configuration.sessionExpires = 0
    change(&configuration)
    agent = UserAgent(configuration: configuration, seed: 1)
  }

  mutating func drain() {
    while let output = agent.nextOutput() {
      switch output {
      case .transmit(let message, let destination): sent.append((message, destination))
      case .location(.find(let uri)): asked.append(uri)
      case .location(.failed(let server)): failed.append(server)
      case .event(let event): events.append(event)
      case .closeFlow, .keepAlive: break
      }
    }
  }

  @discardableResult
  mutating func call(_ uri: String = "sip:bob@pbx.example") throws -> LegID {
    let target = try SIPURI(parsing: uri)
    let from = NameAddress(uri: try SIPURI(parsing: "sip:alice@192.168.1.2"))
    let leg = agent.invite(OutgoingInvite(uri: target, from: from, to: NameAddress(uri: target), sdp: Array("v=0".utf8)), now: now)
    drain()
    return leg
  }

  mutating func answer(_ servers: [LocatedServer]) {
    guard let uri = asked.last else { return }
    agent.located(uri, servers, now: now)
    drain()
  }

  mutating func respond(_ status: Int, to index: Int = -1) throws {
    let requests: [SIPRequest] = sent.compactMap { message, _ in
      guard case .request(let request) = message, request.method != .ack else { return nil }
      return request
    }
    let request = try #require(index < 0 ? requests.last : requests[index])
    var response = SIPResponse(to: request, status: status, toTag: "callee")
    if status == 200 { response.headers.add(.contact, NameAddress(uri: try SIPURI(parsing: "sip:bob@inner.example"))) }
    let flow = Flow(
      transport: .udp, id: 1, local: SIPAddress(host: "192.168.1.2", port: 5060), remote: SIPAddress(host: "203.0.113.1", port: 5060))
    agent.receive(.response(response), on: flow, now: now)
    drain()
  }

  mutating func pass(_ time: Duration) {
    let end = now + time
    while let deadline = agent.nextDeadline, deadline <= end {
      now = max(now, deadline)
      agent.advance(to: now)
      drain()
    }
    now = end
  }

  var invites: [SIPRequest] {
    sent.compactMap { if case .request(let request) = $0.0, request.method == .invite { request } else { nil } }
  }
  var branches: [String] {
    var seen: [String] = []
    for invite in invites { if let branch = (try? invite.headers.topVia())?.branch, seen.last != branch { seen.append(branch) } }
    return seen
  }
  var failures: [Int] { events.compactMap { if case .failed(_, let failure) = $0 { failure.status } else { nil } } }
}

struct UserAgentLocationTests {
  private let first = LocatedServer(transport: .udp, address: SIPAddress(host: "203.0.113.1", port: 5060), domain: "pbx.example")
  private let second = LocatedServer(transport: .tcp, address: SIPAddress(host: "203.0.113.2", port: 5070), domain: "pbx.example")

  @Test("A numeric host is an address at once; a name is looked up first, and only then is anything sent")
  func lookUp() throws {
    var rig = Rig()
    try rig.call("sip:bob@203.0.113.9:5080")
    #expect(rig.asked.isEmpty && rig.sent.map(\.1) == [.address(.udp, SIPAddress(host: "203.0.113.9", port: 5080))])
    try rig.call()
    #expect(rig.asked == [try SIPURI(parsing: "sip:pbx.example")] && rig.sent.count == 1)
    rig.answer([second])
    #expect(rig.sent.last?.1 == .server(second))
    let invite = try #require(rig.invites.last)
    #expect(try invite.headers.topVia().transport == "TCP" && invite.uri.host == "pbx.example")
    #expect(invite.headers[.contact]?.contains("192.168.1.2:5060;transport=tcp") == true)
  }

  @Test("Calls to one name share its look-up")
  func sharing() throws {
    var rig = Rig()
    try rig.call("sip:bob@pbx.example")
    try rig.call("sip:carol@pbx.example")
    #expect(rig.asked.count == 1)
    rig.answer([first])
    #expect(rig.invites.map(\.uri.user) == ["bob", "carol"])
  }

  @Test("A name that leads nowhere fails the call")
  func nowhere() throws {
    var rig = Rig()
    try rig.call()
    rig.answer([])
    #expect(rig.failures == [503] && rig.sent.isEmpty)
    rig.pass(.seconds(40))
    #expect(rig.agent.isIdle)
  }

  @Test("Nobody answers the look-up: the call ends by itself")
  func silence() throws {
    var rig = Rig()
    try rig.call()
    rig.pass(.seconds(31))
    #expect(rig.failures.isEmpty)
    rig.pass(.seconds(2))
    #expect(rig.failures == [408] && rig.agent.isIdle)
    rig.answer([first])
    #expect(rig.sent.isEmpty)
  }

  @Test("503, silence and a transport error go to the next server; the same request but for its branch")
  func failOver() throws {
    for way in 0..<3 {
      var rig = Rig()
      try rig.call()
      rig.answer([first, second])
      switch way {
      case 0: try rig.respond(503)
      case 1: rig.pass(.seconds(4))
      default: rig.agent.transmitFailed(.request(try #require(rig.invites.first)), to: .server(first), now: rig.now)
      }
      rig.drain()
      #expect(rig.failed == [first] && rig.sent.last?.1 == .server(second), "way \(way)")
      #expect(rig.branches.count == 2)
      let (one, two) = (try #require(rig.invites.first), try #require(rig.invites.last))
      #expect(
        one.headers.callID == two.headers.callID && one.headers[.cseq] == two.headers[.cseq] && one.headers[.from] == two.headers[.from])
      #expect(two.headers.count(of: .via) == 1 && rig.failures.isEmpty)
      try rig.respond(200)
      guard case .answered? = rig.events.last else {
        Issue.record("not answered, way \(way)")
        continue
      }
    }
  }

  @Test("The last server's word is the call's; other refusals are not tried elsewhere")
  func lastWord() throws {
    var rig = Rig()
    try rig.call()
    rig.answer([first, second])
    try rig.respond(503)
    try rig.respond(503)
    #expect(rig.failures == [503] && rig.branches.count == 2 && rig.failed == [first, second])
    var busy = Rig()
    try busy.call()
    busy.answer([first, second])
    try busy.respond(486)
    #expect(busy.failures == [486] && busy.branches.count == 1 && busy.failed.isEmpty)
    busy.pass(.seconds(100))
    rig.pass(.seconds(100))
    #expect(rig.agent.isIdle && busy.agent.isIdle)
  }

  @Test("A server that has begun on the call keeps it")
  func begun() throws {
    var rig = Rig()
    try rig.call()
    rig.answer([first, second])
    try rig.respond(100)
    rig.pass(.seconds(60))
    #expect(rig.branches.count == 1 && rig.failures.isEmpty)
  }

  @Test("A late answer of a server that was given up means nothing; its 503 again is acknowledged nowhere else")
  func lateAnswers() throws {
    var rig = Rig()
    try rig.call()
    rig.answer([first, second])
    rig.pass(.seconds(4))
    let count = rig.sent.count
    try rig.respond(486, to: 0)
    #expect(rig.failures.isEmpty && rig.sent.count == count)
    try rig.respond(200)
    #expect(rig.events.count == 1)
  }

  @Test("A call given up while its server is looked up sends nothing")
  func givenUp() throws {
    var rig = Rig()
    let leg = try rig.call()
    rig.agent.hangUp(leg, reason: nil, now: rig.now)
    rig.drain()
    rig.answer([first])
    #expect(rig.sent.isEmpty)
    rig.pass(.seconds(1))
    #expect(rig.agent.isIdle)
  }

  @Test("A call given up is cancelled where it is, and tried nowhere else")
  func cancelled() throws {
    var rig = Rig()
    let leg = try rig.call()
    rig.answer([first, second])
    try rig.respond(100)
    rig.agent.hangUp(leg, reason: nil, now: rig.now)
    rig.drain()
    guard case .request(let cancel)? = rig.sent.last?.0, cancel.method == .cancel else { throw CancellationError() }
    #expect(rig.sent.last?.1 == .server(first))
    #expect(try cancel.headers.topVia().branch == rig.branches.first)
    try rig.respond(503, to: 0)
    rig.pass(.seconds(100))
    #expect(rig.branches.count == 1 && rig.agent.isIdle)
  }

  @Test("The ACK of a 200 goes to a name's server without a wait, and the BYE to it is located")
  func withinTheDialog() throws {
    var rig = Rig()
    let leg = try rig.call()
    rig.answer([first])
    try rig.respond(200)
    guard case .request(let ack)? = rig.sent.last?.0, ack.method == .ack else { throw CancellationError() }
    #expect(rig.sent.last?.1 == .address(.udp, SIPAddress(host: "inner.example", port: 5060)))
    rig.agent.hangUp(leg, reason: nil, now: rig.now)
    rig.drain()
    #expect(rig.asked.last == (try SIPURI(parsing: "sip:inner.example")))
    rig.answer([second])
    guard case .request(let bye)? = rig.sent.last?.0, bye.method == .bye else { throw CancellationError() }
    #expect(rig.sent.last?.1 == .server(second))
  }
}

struct PublicAddressTests {
  private func agent(_ address: SIPAddress?) -> UserAgent {
    Rig {
      $0.publicAddress = address
      $0.localNetworks = ["192.168.0.0/16", "fe80::/10"].compactMap { IPNetwork($0) }
    }.agent
  }

  private func flow(_ remote: String, _ kind: SIPTransportKind = .udp) -> Destination {
    .flow(Flow(transport: kind, id: 1, local: SIPAddress(host: "192.168.1.2", port: 5060), remote: SIPAddress(host: remote, port: 9)))
  }

  @Test("Networks of ours get the local address, all others the public one")
  func perDestination() {
    let agent = agent(SIPAddress(host: "203.0.113.1", port: 0))
    #expect(agent.localAddress(towards: flow("192.168.7.7")).description == "192.168.1.2:5060")
    #expect(agent.localAddress(towards: flow("198.51.100.7")).description == "203.0.113.1:5060")
    #expect(agent.mediaHost(towards: flow("192.168.7.7"), local: "192.168.1.9") == "192.168.1.9")
    #expect(agent.mediaHost(towards: flow("198.51.100.7"), local: "192.168.1.9") == "203.0.113.1")
    #expect(agent.localAddress(towards: flow("2001:db8::7")).host == "192.168.1.2", "the public address is of the other family")
  }

  @Test("A port that was given is UDP's and TCP's; TLS keeps its own")
  func ports() throws {
    let agent = agent(SIPAddress(host: "203.0.113.1", port: 15060))
    #expect(agent.localAddress(towards: flow("198.51.100.7")).port == 15060)
    #expect(agent.localAddress(towards: flow("198.51.100.7", .tls)).port == 5061)
  }

  @Test("A name counts as outside until it is known to lead inside")
  func names() throws {
    var agent = agent(SIPAddress(host: "203.0.113.1", port: 0))
    let uri = try SIPURI(parsing: "sip:pbx.lan")
    #expect(agent.mediaHost(towards: .uri(uri), local: "192.168.1.2") == "203.0.113.1")
    agent.located(
      uri, [LocatedServer(transport: .udp, address: SIPAddress(host: "192.168.1.5", port: 5060), domain: "pbx.lan")], now: .zero)
    #expect(agent.mediaHost(towards: .uri(uri), local: "192.168.1.2") == "192.168.1.2")
    #expect(agent.localAddress(towards: .uri(uri)).host == "192.168.1.2")
  }
}
