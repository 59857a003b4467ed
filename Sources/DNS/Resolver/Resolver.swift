/// Asks name servers, as a value (RFC 1034 §5.3.1, a stub resolver): questions and datagrams in, queries and answers out.
///
///     ask ──▶ hosts, cache ── known ──▶ answer
///                 └── else ──▶ Resolution ── query ──▶ shell: one new socket for each query, its port from the kernel
///                                  ▲   └──── answered: kept, told to all who asked
///     received, failed, advance ───┘
///
/// An answer is taken only from the server asked, on the query's own socket, with its random identifier, its question and its spelling.
package struct Resolver: Sendable {
  /// One query on one socket.
  package struct ExchangeID: Hashable, Sendable {
    let number: UInt64
  }

  package enum Output: Sendable {
    /// Open a socket to the server and send; by TCP with the length in two bytes before it (RFC 1035 §4.2.2).
    case send([UInt8], to: DNSServer, byTCP: Bool, ExchangeID)
    /// Close its socket.
    case close(ExchangeID)
    case answered(DNSQuestion, DNSAnswer)
  }

  package struct Limits: Sendable {
    /// The default is 4,096.
    package var cachedAnswers = 4096
    /// Questions under way; the default is 512.
    package var questions = 512

    package init() {}
  }

  package struct Statistics: Sendable, Equatable {
    package var queries = 0
    package var answersFromCache = 0
    package var failures = 0
    /// Datagrams that were not the answer waited for.
    package var ignored = 0
  }

  package var configuration: ResolverConfiguration {
    didSet { if configuration != oldValue { cache.removeAll() } }
  }
  package var hosts = HostsFile()
  package private(set) var statistics = Statistics()
  private let limits: Limits
  private var random: RandomNumbers
  private var cache: DNSCache
  private var resolutions: [ExchangeID: Resolution] = [:]
  private var exchanges: [DNSQuestion: ExchangeID] = [:]
  private var outputs: [Output] = []
  private var lastNumber: UInt64 = 0
  private var rotation = 0

  package init(configuration: ResolverConfiguration, limits: Limits = Limits(), seed: UInt64) {
    self.configuration = configuration
    self.limits = limits
    random = RandomNumbers(seed: seed)
    cache = DNSCache(capacity: limits.cachedAnswers)
  }

  package mutating func nextOutput() -> Output? { outputs.isEmpty ? nil : outputs.removeFirst() }
  package var nextDeadline: Duration? { resolutions.values.lazy.map(\.deadline).min() }
  package var questionsUnderWay: Int { resolutions.count }

  /// What is known at once; nil: `ask` has to be called.
  package mutating func known(_ question: DNSQuestion, now: Duration) -> DNSAnswer? {
    if question.type == .a || question.type == .aaaa, let own = hosts.addresses(of: question.name, question.type) {
      return own.isEmpty ? .noRecord : .records(own.map { .address($0) })
    }
    guard let answer = cache.answer(question, now: now) else { return nil }
    statistics.answersFromCache += 1
    return answer
  }

  /// Asks, unless it is being asked already; `Output.answered` follows.
  package mutating func ask(_ question: DNSQuestion, now: Duration) {
    if let answer = known(question, now: now) { return outputs.append(.answered(question, answer)) }
    guard exchanges[question] == nil else { return }
    guard resolutions.count < limits.questions else { return outputs.append(.answered(question, .failed(.busy))) }
    var servers = configuration.servers
    if configuration.rotates, !servers.isEmpty {
      rotation = (rotation + 1) % servers.count
      servers = Array(servers[rotation...] + servers[..<rotation])
    }
    send(Resolution(question, servers: servers, configuration: configuration, random: &random, now: now))
  }

  private mutating func send(_ resolution: Resolution) {
    lastNumber += 1
    let id = ExchangeID(number: lastNumber)
    resolutions[id] = resolution
    exchanges[resolution.question] = id
    statistics.queries += 1
    outputs.append(.send(resolution.query.serialize(), to: resolution.server, byTCP: resolution.usesTCP, id))
  }

  // MARK: Inputs

  /// A datagram, or a whole message of a connection.
  package mutating func received(_ bytes: [UInt8], on id: ExchangeID, now: Duration) {
    change(id, now: now) { $0.receive(bytes, &$1, now: now) }
  }

  /// The socket failed: nobody listens there, or the connection ended.
  package mutating func failed(_ id: ExchangeID, now: Duration) {
    change(id, now: now) { $0.next(&$1, now: now) }
  }

  package mutating func advance(to now: Duration) {
    for id in resolutions.filter({ $0.value.deadline <= now }).keys.sorted(by: { $0.number < $1.number }) {
      change(id, now: now) { $0.next(&$1, now: now) }
    }
  }

  private mutating func change(
    _ id: ExchangeID, now: Duration, _ input: (inout Resolution, inout RandomNumbers) -> Resolution.Step
  ) {
    guard var resolution = resolutions[id] else { return }
    switch input(&resolution, &random) {
    case .wait:
      statistics.ignored += 1
      resolutions[id] = resolution
    case .ask:
      end(id, resolution)
      send(resolution)
    case .done(let answer, let lifetime):
      end(id, resolution)
      if case .failed = answer { statistics.failures += 1 }
      cache.keep(answer, for: resolution.question, lifetime: lifetime, now: now)
      outputs.append(.answered(resolution.question, answer))
    }
  }

  private mutating func end(_ id: ExchangeID, _ resolution: Resolution) {
    resolutions[id] = nil
    exchanges[resolution.question] = nil
    outputs.append(.close(id))
  }
}
