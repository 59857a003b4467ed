/// Finds SIP servers (RFC 3263), as a value: asks its resolver until the plan is complete, and remembers which servers failed of late.
package struct ServerLocator: Sendable {
  package enum Output: Sendable {
    case resolver(Resolver.Output)
    /// Best first; none: the name leads nowhere, or nobody says.
    case located(ServiceTarget, [ServiceAddress])
  }

  private struct Search: Sendable {
    var answers: [DNSQuestion: DNSAnswer] = [:]
    var open: Set<DNSQuestion> = []
    let seed: UInt64
    var rounds = 0
  }

  package var resolver: Resolver
  /// Whether IPv6 addresses are of any use here; the default is true.
  package var usesIPv6 = true
  /// How long a server that failed stands behind all others; the default is 30 s.
  package var avoidance = Duration.seconds(30)
  private var searches: [ServiceTarget: Search] = [:]
  private var avoided: [ServiceAddress: Duration] = [:]
  private var outputs: [Output] = []
  private var random: RandomNumbers
  private static let avoidedLimit = 1024
  private static let roundLimit = 8

  package init(configuration: ResolverConfiguration, limits: Resolver.Limits = Resolver.Limits(), seed: UInt64) {
    resolver = Resolver(configuration: configuration, limits: limits, seed: seed)
    random = RandomNumbers(seed: seed ^ 0x5851_f42d_4c95_7f2d)
  }

  package mutating func nextOutput() -> Output? { outputs.isEmpty ? nil : outputs.removeFirst() }
  package var nextDeadline: Duration? { resolver.nextDeadline }
  package var searchesUnderWay: Int { searches.count }

  /// `Output.located` follows, at once where everything is known.
  package mutating func locate(_ target: ServiceTarget, now: Duration) {
    guard searches[target] == nil else { return }
    searches[target] = Search(seed: random.next())
    proceed(target, now: now)
    drain(now)
  }

  /// The server did not answer, could not be reached, or said that it cannot serve.
  package mutating func avoid(_ server: ServiceAddress, now: Duration) {
    if avoided.count >= Self.avoidedLimit { avoided = avoided.filter { $0.value > now } }
    guard avoided.count < Self.avoidedLimit else { return }
    avoided[server] = now + avoidance
  }

  package func isAvoided(_ server: ServiceAddress, now: Duration) -> Bool { avoided[server].map { now < $0 } ?? false }

  // MARK: The resolver's inputs

  package mutating func received(_ bytes: [UInt8], on id: Resolver.ExchangeID, now: Duration) {
    resolver.received(bytes, on: id, now: now)
    drain(now)
  }

  package mutating func failed(_ id: Resolver.ExchangeID, now: Duration) {
    resolver.failed(id, now: now)
    drain(now)
  }

  package mutating func advance(to now: Duration) {
    resolver.advance(to: now)
    drain(now)
  }

  // MARK: The search

  private mutating func drain(_ now: Duration) {
    while let output = resolver.nextOutput() {
      guard case .answered(let question, let answer) = output else {
        outputs.append(.resolver(output))
        continue
      }
      for target in searches.filter({ $0.value.open.contains(question) }).keys {
        searches[target]?.open.remove(question)
        searches[target]?.answers[question] = answer
        if searches[target]?.open.isEmpty == true { proceed(target, now: now) }
      }
    }
  }

  private mutating func proceed(_ target: ServiceTarget, now: Duration) {
    guard var search = searches[target] else { return }
    while true {
      let configuration = resolver.configuration
      var plan = LocationPlan(
        target, answers: search.answers, search: configuration.search, dots: configuration.dots, seed: search.seed, usesIPv6: usesIPv6)
      switch plan.step() {
      case .found(let servers):
        searches[target] = nil
        return outputs.append(.located(target, ordered(servers, now: now)))
      case .needs(let questions):
        search.rounds += 1
        guard search.rounds <= Self.roundLimit else {
          searches[target] = nil
          return outputs.append(.located(target, []))
        }
        var unknown: [DNSQuestion] = []
        for question in questions {
          if let answer = resolver.known(question, now: now) { search.answers[question] = answer } else { unknown.append(question) }
        }
        search.open = Set(unknown)
        searches[target] = search
        guard unknown.isEmpty else {
          for question in unknown { resolver.ask(question, now: now) }
          return
        }
      }
    }
  }

  /// Those that failed of late come last.
  private func ordered(_ servers: [ServiceAddress], now: Duration) -> [ServiceAddress] {
    servers.filter { !isAvoided($0, now: now) } + servers.filter { isAvoided($0, now: now) }
  }
}
