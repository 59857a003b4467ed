import DNS
import Testing

/// A locator whose questions are answered from a zone.
private struct World {
  var locator: ServerLocator
  var zone: [MessageWriter.Record]
  var now = Duration.zero
  var asked: [String] = []
  var isDead = false

  init(_ zone: [MessageWriter.Record], search: [String] = [], hosts: String = "", seed: UInt64 = 1) {
    var configuration = ResolverConfiguration(servers: [DNSServer(host: "192.0.2.1")])
    configuration.search = search.compactMap { DomainName($0) }
    locator = ServerLocator(configuration: configuration, seed: seed)
    locator.resolver.hosts = HostsFile(hosts)
    self.zone = zone
  }

  mutating func locate(_ target: ServiceTarget) -> [String]? {
    locator.locate(target, now: now)
    for _ in 0..<100 {
      while let output = locator.nextOutput() {
        switch output {
        case .located(let located, let servers):
          return located == target ? servers.map { "\($0.transport) \($0.host):\($0.port)" } : nil
        case .resolver(.send(let bytes, _, _, let id)):
          if !isDead { answer(bytes, id) }
        case .resolver: break
        }
      }
      guard let deadline = locator.nextDeadline else { return nil }
      now = deadline
      locator.advance(to: now)
    }
    return nil
  }

  private mutating func answer(_ bytes: [UInt8], _ id: Resolver.ExchangeID) {
    var labels: [String] = []
    var index = 12
    while bytes[index] != 0 {
      labels.append(String(decoding: bytes[index + 1..<index + 1 + Int(bytes[index])], as: UTF8.self).lowercased())
      index += 1 + Int(bytes[index])
    }
    let name = labels.joined(separator: ".")
    let type = UInt16(bytes[index + 1]) << 8 | UInt16(bytes[index + 2])
    asked.append("\(name) \(type)")
    let answers = zone.filter { $0.name == name && $0.type == type }
    let exists = zone.contains { $0.name == name || $0.name.hasSuffix("." + name) }
    let authority = [MessageWriter.Record.authority("example", seconds: 60)]
    let message = MessageWriter(answering: bytes, code: exists ? 0 : 3, answers: answers, authorities: answers.isEmpty ? authority : [])
    locator.received(message.bytes, on: id, now: now)
  }
}

struct LocationTests {
  private static let zone: [MessageWriter.Record] = [
    .a("plain.example", [192, 0, 2, 10]), .aaaa("plain.example", lastByte: 0x10),
    .service("_sip._udp.srv.example", 20, 0, 5070, "b.srv.example"), .service("_sip._udp.srv.example", 10, 0, 5080, "a.srv.example"),
    .service("_sip._tcp.srv.example", 10, 0, 5090, "a.srv.example"), .service("_sips._tcp.srv.example", 10, 0, 5061, "a.srv.example"),
    .a("a.srv.example", [192, 0, 2, 1]), .a("b.srv.example", [192, 0, 2, 2]), .a("srv.example", [192, 0, 2, 3]),
    .pointer("naptr.example", 90, 50, "s", "SIP+D2U", "_sip._udp.srv.example"),
    .pointer("naptr.example", 50, 50, "s", "SIP+D2T", "_sip._tcp.srv.example"),
    .pointer("naptr.example", 10, 50, "s", "SIP+D2S", "_sip._sctp.srv.example"),
    .pointer("naptr.example", 60, 50, "s", "SIPS+D2T", "_sips._tcp.srv.example"), .a("naptr.example", [192, 0, 2, 4]),
    .service("_sip._udp.none.example", 0, 0, 0, "."), .a("none.example", [192, 0, 2, 5]),
  ]

  @Test("A numeric host is its own server, with the transport's port")
  func numeric() {
    var world = World([])
    #expect(world.locate(ServiceTarget(host: "192.0.2.9")) == ["udp 192.0.2.9:5060"])
    #expect(world.locate(ServiceTarget(host: "192.0.2.9", isSecure: true)) == ["tls 192.0.2.9:5061"])
    #expect(world.locate(ServiceTarget(host: "2001:db8::9", port: 70, transport: .tcp)) == ["tcp 2001:db8::9:70"])
    #expect(world.asked.isEmpty)
  }

  @Test("A port means that no service record is asked for")
  func port() {
    var world = World(Self.zone)
    #expect(world.locate(ServiceTarget(host: "srv.example", port: 5062)) == ["udp 192.0.2.3:5062"])
    #expect(world.asked == ["srv.example 1", "srv.example 28"])
    #expect(world.locate(ServiceTarget(host: "plain.example", port: 1, isSecure: true)) == ["tls 192.0.2.10:1", "tls 2001:db8::10:1"])
  }

  @Test("A transport leads to its service records, in their order of priority")
  func transport() {
    var world = World(Self.zone)
    #expect(world.locate(ServiceTarget(host: "srv.example", transport: .udp)) == ["udp 192.0.2.1:5080", "udp 192.0.2.2:5070"])
    #expect(world.asked.first == "_sip._udp.srv.example 33")
    #expect(world.locate(ServiceTarget(host: "srv.example", transport: .tcp)) == ["tcp 192.0.2.1:5090"])
    #expect(world.locate(ServiceTarget(host: "srv.example", transport: .tls)) == ["tls 192.0.2.1:5061"])
    #expect(world.locate(ServiceTarget(host: "srv.example", transport: .udp, isSecure: true)) == ["tls 192.0.2.1:5061"])
  }

  @Test("Neither: NAPTR decides the order of transports; what we do not speak is left out")
  func pointers() {
    var world = World(Self.zone)
    #expect(
      world.locate(ServiceTarget(host: "naptr.example")) == [
        "tcp 192.0.2.1:5090", "tls 192.0.2.1:5061", "udp 192.0.2.1:5080", "udp 192.0.2.2:5070",
      ])
    #expect(world.locate(ServiceTarget(host: "naptr.example", isSecure: true)) == ["tls 192.0.2.1:5061"])
  }

  @Test("No NAPTR: the services of each transport, UDP first")
  func services() {
    var world = World(Self.zone)
    #expect(
      world.locate(ServiceTarget(host: "srv.example")) == [
        "udp 192.0.2.1:5080", "udp 192.0.2.2:5070", "tcp 192.0.2.1:5090", "tls 192.0.2.1:5061",
      ])
  }

  @Test("No service record at all: the host itself")
  func addresses() {
    var world = World(Self.zone)
    #expect(world.locate(ServiceTarget(host: "plain.example")) == ["udp 192.0.2.10:5060", "udp 2001:db8::10:5060"])
    #expect(world.locate(ServiceTarget(host: "plain.example", isSecure: true))?.first == "tls 192.0.2.10:5061")
    world.locator.usesIPv6 = false
    #expect(world.locate(ServiceTarget(host: "plain.example")) == ["udp 192.0.2.10:5060"])
  }

  @Test("A service that is decidedly not there is not looked for elsewhere (RFC 2782)")
  func noService() {
    var world = World(Self.zone)
    #expect(world.locate(ServiceTarget(host: "none.example", transport: .udp)) == [])
  }

  @Test("A name that does not exist, one that is none, and servers that are silent lead nowhere")
  func nowhere() {
    var world = World(Self.zone)
    #expect(world.locate(ServiceTarget(host: "missing.example")) == [])
    #expect(world.locate(ServiceTarget(host: "a..b")) == [])
    world.isDead = true
    let began = world.now
    #expect(world.locate(ServiceTarget(host: "elsewhere.example")) == [])
    #expect(world.now - began < .seconds(15))
  }

  @Test("Short names are looked for in the search list; the hosts file comes first")
  func search() {
    var world = World([.a("pbx.office.example", [192, 0, 2, 77])], search: ["lab.example", "office.example"], hosts: "192.0.2.78 ours\n")
    #expect(world.locate(ServiceTarget(host: "pbx", port: 5060)) == ["udp 192.0.2.77:5060"])
    #expect(world.locate(ServiceTarget(host: "ours", transport: .tcp)) == ["tcp 192.0.2.78:5060"])
    #expect(world.locate(ServiceTarget(host: "localhost", port: 5070))?.first == "udp 127.0.0.1:5070")
  }

  @Test("A server that failed stands behind the others for a while")
  func avoidance() {
    var world = World(Self.zone)
    let first = ServiceAddress(.udp, host: "192.0.2.1", port: 5080)
    world.locator.avoid(first, now: world.now)
    #expect(world.locate(ServiceTarget(host: "srv.example", transport: .udp)) == ["udp 192.0.2.2:5070", "udp 192.0.2.1:5080"])
    world.now += .seconds(30)
    #expect(world.locate(ServiceTarget(host: "srv.example", transport: .udp)) == ["udp 192.0.2.1:5080", "udp 192.0.2.2:5070"])
  }
}

struct ServiceOrderTests {
  private func record(_ priority: UInt16, _ weight: UInt16, _ port: UInt16) -> ServiceRecord {
    ServiceRecord(priority: priority, weight: weight, port: port, target: DomainName("x.example") ?? .root)
  }

  @Test("Lower priorities first, and every record once")
  func priorities() {
    var random = RandomNumbers(seed: 3)
    let records = [record(30, 1, 1), record(10, 0, 2), record(20, 5, 3), record(10, 9, 4)]
    for _ in 0..<100 {
      let order = ServiceOrder.ordered(records, using: &random)
      #expect(order.map(\.priority) == [10, 10, 20, 30] && Set(order.map(\.port)) == [1, 2, 3, 4])
    }
  }

  @Test("Among equals each comes first as often as its weight says")
  func weights() {
    var random = RandomNumbers(seed: 5)
    var first: [UInt16: Int] = [:]
    for _ in 0..<10_000 {
      first[ServiceOrder.ordered([record(1, 10, 1), record(1, 30, 3), record(1, 60, 6)], using: &random)[0].port, default: 0] += 1
    }
    #expect(abs((first[1] ?? 0) - 1000) < 200 && abs((first[3] ?? 0) - 3000) < 200 && abs((first[6] ?? 0) - 6000) < 200, "\(first)")
  }

  @Test("Weight 0 has a small chance beside others, and an even one among its like")
  func zeroWeights() {
    var random = RandomNumbers(seed: 9)
    var zeroFirst = 0
    var ports: [UInt16: Int] = [:]
    for _ in 0..<2000 {
      if ServiceOrder.ordered([record(1, 0, 1), record(1, 100, 2)], using: &random)[0].port == 1 { zeroFirst += 1 }
      ports[ServiceOrder.ordered([record(1, 0, 1), record(1, 0, 2)], using: &random)[0].port, default: 0] += 1
    }
    #expect(zeroFirst > 0 && zeroFirst < 100, "\(zeroFirst)")
    #expect(abs((ports[1] ?? 0) - 1000) < 150, "\(ports)")
  }
}
