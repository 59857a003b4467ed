/// The procedure of RFC 3263 §4.1 and §4.2, as a function of what is known so far.
///
///     numeric host ────────────────────────────────────────────────────▶ that address
///     port given ──────────────────────────────────────▶ A, AAAA of the host, that port
///     transport given ──▶ SRV of that transport ─┬ some ─▶ A, AAAA of the targets, their ports
///     neither ──▶ NAPTR ─┬ some ─▶ their SRVs ───┤
///                        └ none ─▶ SRV of each ──┴ none ─▶ A, AAAA of the host, default port
struct LocationPlan {
  enum Step: Equatable {
    /// Not known yet; all of them can be asked at once.
    case needs([DNSQuestion])
    /// Best first.
    case found([ServiceAddress])
  }

  let target: ServiceTarget
  let search: [DomainName]
  let dots: Int
  let seed: UInt64
  /// IPv6 after IPv4, or not at all.
  let usesIPv6: Bool
  private var answers: [DNSQuestion: DNSAnswer]
  private var missing: [DNSQuestion] = []

  /// More servers than this are not tried.
  private static let serverLimit = 12

  init(
    _ target: ServiceTarget, answers: [DNSQuestion: DNSAnswer], search: [DomainName] = [], dots: Int = 1, seed: UInt64 = 0,
    usesIPv6: Bool = true
  ) {
    self.target = target
    self.answers = answers
    self.search = search
    self.dots = dots
    self.seed = seed
    self.usesIPv6 = usesIPv6
  }

  mutating func step() -> Step {
    missing = []
    let transport = target.plainTransport
    if NumericAddress.isNumeric(target.host) {
      return .found([ServiceAddress(transport, host: target.host, port: target.port ?? transport.defaultPort)])
    }
    guard let name = DomainName(target.host), !name.isRoot else { return .found([]) }
    if let port = target.port {
      let found = addresses(searching: name, transport, port)
      return end(found)
    }
    let services = target.transport == nil ? byRecords(name) : byServices([transport], name)
    switch services {
    case .unknown: return .needs(missing)
    case .some(let found): return end(found)
    case .none:
      let found = addresses(searching: name, transport, transport.defaultPort)
      return end(found)
    }
  }

  private enum Services {
    case unknown
    /// The domain has no records of the kind.
    case none
    case some([ServiceAddress])
  }

  private func end(_ found: [ServiceAddress]) -> Step {
    guard missing.isEmpty else { return .needs(missing) }
    var seen: Set<ServiceAddress> = []
    return .found(Array(found.filter { seen.insert($0).inserted }.prefix(Self.serverLimit)))
  }

  private mutating func answer(_ name: DomainName?, _ type: RecordType) -> DNSAnswer? {
    guard let name else { return .noSuchName }
    let question = DNSQuestion(name, type)
    if let answer = answers[question] { return answer }
    if !missing.contains(question) { missing.append(question) }
    return nil
  }

  // MARK: Services

  /// NAPTR first; the plain SRVs are asked for along with it, since most domains have no NAPTR.
  private mutating func byRecords(_ name: DomainName) -> Services {
    let pointers = answer(name, .naptr)
    let wanted = target.isSecure ? [ServiceTransport.tls] : ServiceTransport.allCases
    let plain = byServices(wanted, name)
    guard let pointers else { return .unknown }
    let usable = pointers.data.compactMap { data -> (NamingAuthorityPointer, ServiceTransport)? in
      guard case .pointer(let pointer) = data, let transport = wanted.first(where: { $0.naptrService == pointer.service }),
        pointer.flags == "s" || pointer.flags == "a", pointer.regularExpression.isEmpty
      else { return nil }
      return (pointer, transport)
    }
    guard !usable.isEmpty else { return plain }
    // What the plain SRVs lack is not needed any more.
    missing = []
    var found: [ServiceAddress] = []
    for (pointer, transport) in usable.sorted(by: { ($0.0.order, $0.0.preference) < ($1.0.order, $1.0.preference) }) {
      if pointer.flags == "a" {
        found += addresses(pointer.replacement, transport, transport.defaultPort)
      } else if case .some(let servers) = service(pointer.replacement, transport) {
        found += servers
      }
    }
    return missing.isEmpty ? .some(found) : .unknown
  }

  /// The SRVs of some transports, in their order.
  private mutating func byServices(_ transports: [ServiceTransport], _ name: DomainName) -> Services {
    var found: [ServiceAddress] = []
    var hasService = false
    for transport in transports {
      guard case .some(let servers) = service(name.prepending(transport.srvLabels), transport) else { continue }
      hasService = true
      found += servers
    }
    guard missing.isEmpty else { return .unknown }
    return hasService ? .some(found) : .none
  }

  private mutating func service(_ name: DomainName?, _ transport: ServiceTransport) -> Services {
    guard let answer = answer(name, .srv) else { return .unknown }
    let records = answer.data.compactMap { if case .service(let record) = $0 { record } else { nil } }
    guard !records.isEmpty else { return .none }
    // The same order at every step.
    var random = RandomNumbers(seed: seed)
    var found: [ServiceAddress] = []
    for record in ServiceOrder.ordered(records, using: &random).prefix(Self.serverLimit) where !record.target.isRoot && record.port != 0 {
      found += addresses(record.target, transport, record.port)
    }
    return .some(found)
  }

  // MARK: Addresses

  private mutating func addresses(_ name: DomainName, _ transport: ServiceTransport, _ port: UInt16) -> [ServiceAddress] {
    var found: [ServiceAddress] = []
    for type in usesIPv6 ? [RecordType.a, .aaaa] : [.a] {
      for case .address(let host) in answer(name, type)?.data ?? [] { found.append(ServiceAddress(transport, host: host, port: port)) }
    }
    return found
  }

  /// A name with few dots may be short for one in the search list (resolv.conf(5)).
  private mutating func addresses(searching name: DomainName, _ transport: ServiceTransport, _ port: UInt16) -> [ServiceAddress] {
    let within = target.host.last == "." ? [] : search.compactMap { name.appending($0) }
    for candidate in name.dotCount >= dots ? [name] + within : within + [name] {
      let found = addresses(candidate, transport, port)
      if !found.isEmpty || !missing.isEmpty { return found }
    }
    return []
  }
}
