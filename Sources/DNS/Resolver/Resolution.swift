/// One question under way: which server is asked, how, and what became of it.
///
///     ask ──▶ [ asked ] ── answer: over
///                │  │ truncated, spelling changed: the same server by TCP
///                │  │ refused, failed, timed out: the next server
///                │  └ alias to another name: that name, from the first server
///                └─ every server asked `attempts` times: failed
struct Resolution: Sendable {
  enum Step: Sendable, Equatable {
    /// What came was not the answer: the answer may still come.
    case wait
    case ask
    /// With for how long it holds.
    case done(DNSAnswer, Duration)
  }

  /// Who asked, in its own words.
  let question: DNSQuestion
  /// What is asked now: the question, or what its alias leads to.
  private(set) var current: DNSQuestion
  private(set) var query: DNSQuery
  private(set) var server: DNSServer
  private(set) var usesTCP: Bool
  private(set) var deadline: Duration
  private let servers: [DNSServer]
  private let configuration: ResolverConfiguration
  private var turn = 0
  private var hasExtension = true
  private var aliases = 0
  private var wasRefused = false
  /// Until when the aliases followed hold.
  private var lifetime: Duration

  static let longestLifetime = Duration.seconds(86_400)
  static let longestNegativeLifetime = Duration.seconds(300)
  static let failureLifetime = Duration.seconds(5)
  private static let aliasLimit = 8
  private static let firstPatience = Duration.milliseconds(1500)

  init(
    _ question: DNSQuestion, servers: [DNSServer], configuration: ResolverConfiguration, random: inout RandomNumbers, now: Duration
  ) {
    self.question = question
    self.servers = servers.isEmpty ? [DNSServer(host: "127.0.0.1")] : servers
    self.configuration = configuration
    current = question
    query = DNSQuery(question, id: 0, caseBits: 0)
    server = DNSServer(host: "127.0.0.1")
    usesTCP = configuration.usesTCP
    deadline = now
    lifetime = Self.longestLifetime
    prepare(&random, now: now)
  }

  /// A new query to the server whose turn it is.
  private mutating func prepare(_ random: inout RandomNumbers, now: Duration) {
    server = servers[turn % servers.count]
    query = DNSQuery(
      current, id: UInt16.random(in: 0 ... .max, using: &random), caseBits: random.next(), hasExtension: hasExtension)
    let isFirstRound = turn < servers.count
    deadline = now + (isFirstRound && !usesTCP ? min(configuration.timeout, Self.firstPatience) : configuration.timeout)
  }

  /// The server whose turn it is did not do.
  mutating func next(_ random: inout RandomNumbers, now: Duration) -> Step {
    turn += 1
    usesTCP = configuration.usesTCP
    hasExtension = true
    guard turn < servers.count * configuration.attempts else {
      return .done(.failed(wasRefused ? .refused : .timeout), Self.failureLifetime)
    }
    prepare(&random, now: now)
    return .ask
  }

  /// Bytes came from the server.
  mutating func receive(_ bytes: [UInt8], _ random: inout RandomNumbers, now: Duration) -> Step {
    guard let response = try? DNSResponse(parsing: bytes), response.isResponse, response.id == query.id else { return .wait }
    if response.question == nil, response.spelling.isEmpty, response.code == .formatError { return refused(response, &random, now: now) }
    guard response.question == current else { return .wait }
    if response.spelling != query.spelling, !usesTCP {
      // Forged, or from a server that does not keep the case: a connection cannot be forged as easily.
      return sameServerByTCP(&random, now: now)
    }
    switch response.code {
    case .noError, .noSuchName: break
    case .formatError, .serverFailure, .notImplemented, .refused, .other: return refused(response, &random, now: now)
    }
    if response.isTruncated, !usesTCP { return sameServerByTCP(&random, now: now) }
    return take(response, &random, now: now)
  }

  private mutating func sameServerByTCP(_ random: inout RandomNumbers, now: Duration) -> Step {
    usesTCP = true
    prepare(&random, now: now)
    return .ask
  }

  private mutating func refused(_ response: DNSResponse, _ random: inout RandomNumbers, now: Duration) -> Step {
    wasRefused = true
    if hasExtension, response.code == .formatError || response.code == .notImplemented {
      // A server older than RFC 6891.
      hasExtension = false
      prepare(&random, now: now)
      return .ask
    }
    return next(&random, now: now)
  }

  /// Follows aliases within the answer, then takes what the last name has.
  private mutating func take(_ response: DNSResponse, _ random: inout RandomNumbers, now: Duration) -> Step {
    var name = current.name
    var seen: Set<DomainName> = [name]
    while true {
      let own = response.answers.filter { $0.name == name }
      let wanted = own.filter { $0.type == current.type.rawValue && $0.data != .other }
      if !wanted.isEmpty {
        let data = wanted.map(\.data)
        note(wanted)
        return .done(.records(data), lifetime)
      }
      guard let record = own.first(where: { $0.type == RecordType.cname.rawValue }), case .alias(let target) = record.data else { break }
      note([record])
      guard seen.insert(target).inserted, seen.count <= Self.aliasLimit + 1 else { return .done(.failed(.alias), Self.failureLifetime) }
      name = target
    }
    if name != current.name, response.code == .noError, !hasAuthority(response, over: name) {
      aliases += 1
      guard aliases <= Self.aliasLimit else { return .done(.failed(.alias), Self.failureLifetime) }
      current.name = name
      turn = 0
      usesTCP = configuration.usesTCP
      prepare(&random, now: now)
      return .ask
    }
    return .done(response.code == .noSuchName ? .noSuchName : .noRecord, min(lifetime, negativeLifetime(response, name)))
  }

  /// What is not there is said with the SOA of the zone that does not have it (RFC 2308 §2).
  private func hasAuthority(_ response: DNSResponse, over name: DomainName) -> Bool {
    response.authorities.contains { $0.type == RecordType.soa.rawValue && name.isWithin($0.name) }
  }

  private func negativeLifetime(_ response: DNSResponse, _ name: DomainName) -> Duration {
    for record in response.authorities where name.isWithin(record.name) {
      guard case .authority(let seconds) = record.data else { continue }
      return min(max(.seconds(Int64(min(seconds, record.lifetimeSeconds))), .seconds(1)), Self.longestNegativeLifetime)
    }
    // No SOA: it should not be kept (RFC 2308 §5), but a busy caller must not ask anew each time.
    return .seconds(5)
  }

  private mutating func note(_ records: [DNSRecord]) {
    for record in records { lifetime = min(lifetime, max(.seconds(Int64(record.lifetimeSeconds)), .seconds(1))) }
  }
}
