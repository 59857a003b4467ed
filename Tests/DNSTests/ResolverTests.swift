import DNS
import Testing

/// A resolver with a world of servers that the test plays.
private struct Rig {
  var resolver: Resolver
  var now = Duration.zero
  var sent: [(bytes: [UInt8], server: DNSServer, byTCP: Bool, id: Resolver.ExchangeID)] = []
  var closed: [Resolver.ExchangeID] = []
  var answers: [DNSAnswer] = []

  init(servers: [String] = ["192.0.2.1", "192.0.2.2"], attempts: Int = 2, limits: Resolver.Limits = .init()) {
    var configuration = ResolverConfiguration(servers: servers.compactMap { DNSServer($0) })
    configuration.attempts = attempts
    resolver = Resolver(configuration: configuration, limits: limits, seed: 7)
  }

  mutating func ask(_ name: String, _ type: RecordType = .a) {
    resolver.ask(DNSQuestion(DomainName(name) ?? .root, type), now: now)
    drain()
  }

  mutating func drain() {
    while let output = resolver.nextOutput() {
      switch output {
      case .send(let bytes, let server, let byTCP, let id): sent.append((bytes, server, byTCP, id))
      case .close(let id): closed.append(id)
      case .answered(_, let answer): answers.append(answer)
      }
    }
  }

  mutating func reply(
    code: UInt8 = 0, isTruncated: Bool = false, _ answers: [MessageWriter.Record] = [], _ authorities: [MessageWriter.Record] = [],
    change: (inout [UInt8]) -> Void = { _ in }
  ) {
    guard let last = sent.last else { return }
    var bytes = MessageWriter(answering: last.bytes, code: code, isTruncated: isTruncated, answers: answers, authorities: authorities).bytes
    change(&bytes)
    resolver.received(bytes, on: last.id, now: now)
    drain()
  }

  mutating func pass(_ time: Duration) {
    now += time
    resolver.advance(to: now)
    drain()
  }
}

struct ResolverTests {
  @Test("An answer is told once, closes its socket, and is kept for its lifetime")
  func caching() {
    var rig = Rig()
    rig.ask("example.com")
    rig.ask("example.com")
    #expect(rig.sent.count == 1 && rig.sent[0].server.host == "192.0.2.1" && !rig.sent[0].byTCP)
    rig.reply([.a("example.com", [192, 0, 2, 7], lifetime: 60), .a("example.com", [192, 0, 2, 8], lifetime: 30)])
    #expect(rig.answers == [.records([.address("192.0.2.7"), .address("192.0.2.8")])])
    #expect(rig.closed == [rig.sent[0].id] && rig.resolver.nextDeadline == nil)
    rig.pass(.seconds(29))
    rig.ask("Example.com")
    #expect(rig.sent.count == 1 && rig.answers.count == 2 && rig.resolver.statistics.answersFromCache == 1)
    rig.pass(.seconds(1))
    rig.ask("example.com")
    #expect(rig.sent.count == 2)
  }

  @Test("A server that says nothing is followed by the next, all of them `attempts` times")
  func timeouts() {
    var rig = Rig()
    rig.ask("example.com")
    rig.pass(.milliseconds(1499))
    #expect(rig.sent.count == 1)
    rig.pass(.milliseconds(1))
    rig.pass(.milliseconds(1500))
    rig.pass(.seconds(5))
    #expect(rig.sent.map(\.server.host) == ["192.0.2.1", "192.0.2.2", "192.0.2.1", "192.0.2.2"])
    #expect(rig.answers.isEmpty)
    rig.pass(.seconds(5))
    #expect(rig.answers == [.failed(.timeout)])
    #expect(rig.closed.count == 4 && Set(rig.sent.map { $0.bytes.prefix(2) }).count == 4)
    rig.ask("example.com")
    #expect(rig.answers.count == 2, "for a little while nobody is bothered again")
    rig.pass(.seconds(5))
    rig.ask("example.com")
    #expect(rig.sent.count == 5)
  }

  @Test("Refusals and failures go to the next server at once", arguments: [1, 2, 4, 5, 9] as [UInt8])
  func refusals(code: UInt8) {
    var rig = Rig(attempts: 1)
    rig.ask("example.com")
    for _ in 0..<4 where rig.answers.isEmpty { rig.reply(code: code) }
    #expect(rig.answers == [.failed(.refused)])
    // A format error is met by leaving EDNS0 out first.
    #expect(rig.sent.count == (code == 1 || code == 4 ? 4 : 2))
    if rig.sent.count == 4 { #expect(rig.sent[1].bytes.count == rig.sent[0].bytes.count - 11) }
  }

  @Test("A socket that fails stands for its server")
  func socketFailure() {
    var rig = Rig()
    rig.ask("example.com")
    rig.resolver.failed(rig.sent[0].id, now: rig.now)
    rig.drain()
    #expect(rig.sent.map(\.server.host) == ["192.0.2.1", "192.0.2.2"])
    rig.resolver.failed(rig.sent[0].id, now: rig.now)
    rig.drain()
    #expect(rig.sent.count == 2, "the old socket means nothing any more")
  }

  @Test("A truncated answer is asked for by TCP, of the same server")
  func truncation() {
    var rig = Rig()
    rig.ask("example.com")
    rig.reply(isTruncated: true)
    #expect(rig.sent.map(\.byTCP) == [false, true] && rig.sent[1].server == rig.sent[0].server)
    rig.reply([.a("example.com", [192, 0, 2, 7])])
    #expect(rig.answers == [.records([.address("192.0.2.7")])])
  }

  @Test("What was not asked for is no answer")
  func forgeries() {
    var rig = Rig()
    rig.ask("example.com")
    let evil = [MessageWriter.Record.a("example.com", [6, 6, 6, 6])]
    rig.reply(evil) { $0[0] ^= 1 }
    rig.reply(evil) { $0[2] &= 0x7f }
    rig.reply(evil) { $0[14] = 0x7a }
    rig.reply(evil) { $0 = Array($0.prefix(20)) }
    #expect(rig.answers.isEmpty && rig.resolver.statistics.ignored == 4)
    rig.reply([.a("other.com", [6, 6, 6, 6]), .a("example.com", [192, 0, 2, 7])])
    #expect(rig.answers == [.records([.address("192.0.2.7")])])
  }

  @Test("An answer in another spelling is asked for again by TCP")
  func spelling() {
    var rig = Rig()
    rig.ask("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.com")
    rig.reply([.a("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.com", [6, 6, 6, 6])]) { bytes in
      for index in 13..<45 { bytes[index] |= 0x20 }
    }
    #expect(rig.answers.isEmpty && rig.sent.map(\.byTCP) == [false, true])
    rig.reply([.a("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.com", [192, 0, 2, 7])])
    #expect(rig.answers == [.records([.address("192.0.2.7")])])
  }

  @Test("Aliases are followed, within the answer and by asking")
  func aliases() {
    var rig = Rig()
    rig.ask("www.example.com")
    rig.reply([.alias("www.example.com", "a.example.com", lifetime: 20), .a("a.example.com", [192, 0, 2, 7])])
    #expect(rig.answers == [.records([.address("192.0.2.7")])])
    rig.pass(.seconds(20))
    rig.ask("www.example.com")
    rig.reply([.alias("www.example.com", "elsewhere.net")])
    #expect(rig.sent.count == 3)
    rig.reply([.a("elsewhere.net", [192, 0, 2, 9])])
    #expect(rig.answers.last == .records([.address("192.0.2.9")]))
  }

  @Test("Aliases that go round, or on and on, come to an end")
  func aliasLoops() {
    var rig = Rig()
    rig.ask("a.example")
    rig.reply([.alias("a.example", "b.example"), .alias("b.example", "a.example")])
    #expect(rig.answers == [.failed(.alias)])
    rig.ask("n0.example")
    for number in 0..<20 where rig.answers.count == 1 { rig.reply([.alias("n\(number).example", "n\(number + 1).example")]) }
    #expect(rig.answers == [.failed(.alias), .failed(.alias)])
    #expect(rig.resolver.questionsUnderWay == 0)
  }

  @Test("What is not there is remembered for as long as the zone says, and not for long")
  func negative() {
    var rig = Rig()
    rig.ask("no.example.com")
    rig.reply(code: 3, [], [.authority("example.com", seconds: 60)])
    #expect(rig.answers == [.noSuchName])
    rig.pass(.seconds(59))
    rig.ask("no.example.com")
    #expect(rig.sent.count == 1)
    rig.pass(.seconds(1))
    rig.ask("no.example.com")
    rig.reply([], [.authority("example.com", seconds: 9999, lifetime: 99999)])
    #expect(rig.answers.last == .noRecord)
    rig.pass(.seconds(299))
    rig.ask("no.example.com")
    #expect(rig.sent.count == 2)
    rig.pass(.seconds(1))
    rig.ask("no.example.com")
    #expect(rig.sent.count == 3)
    // The SOA of another zone says nothing about this one.
    rig.reply(code: 3, [], [.authority("evil.net", seconds: 300)])
    rig.pass(.seconds(5))
    rig.ask("no.example.com")
    #expect(rig.sent.count == 4)
  }

  @Test("The hosts file is asked first, and tables are bounded")
  func hostsAndLimits() {
    var limits = Resolver.Limits()
    limits.questions = 2
    limits.cachedAnswers = 4
    var rig = Rig(limits: limits)
    rig.resolver.hosts = HostsFile("192.0.2.9 pbx\n")
    rig.ask("pbx")
    rig.ask("pbx", .aaaa)
    rig.ask("localhost")
    #expect(rig.answers == [.records([.address("192.0.2.9")]), .noRecord, .records([.address("127.0.0.1")])])
    #expect(rig.sent.isEmpty)
    for name in ["a.com", "b.com", "c.com"] { rig.ask(name) }
    #expect(rig.sent.count == 2 && rig.answers.last == .failed(.busy))
    for index in 0..<100 {
      let name = "n\(index).com"
      var one = Rig(limits: limits)
      one.ask(name)
      one.reply([.a(name, [192, 0, 2, 7])])
      #expect(one.answers.count == 1)
    }
  }
}
