/// What the user agent keeps of one trunk.
struct Trunk: Sendable {
  enum Wish: Sendable { case start, renew, stop }

  var configuration: SIPTrunk
  /// Nil: it needs no registration.
  var client: RegistrationClient?
  /// The REGISTER under way.
  var transaction: ClientTransactionID?
  /// What the next `advance` has to do.
  var wish: Wish?
  /// What was told last.
  var reported: TrunkState?
  /// Addresses of its registrars, as far as they are known.
  var sources: Set<IPAddress> = []
  /// Of the flow that the registration stands on.
  var keepAlive: FlowKeepAlive?
  /// Taken out of the configuration, or to be replaced: it goes when its registration has.
  var isLeaving = false
  /// The `line` parameter of our Contact: whoever sends it back has it from the registrar.
  let lineToken: String

  init(_ configuration: SIPTrunk, seed: UInt64, token: String) {
    self.configuration = configuration
    client = RegistrationClient(configuration, seed: seed)
    lineToken = configuration.registration?.lineToken ?? token
    for server in configuration.servers { note(server.address.host) }
  }

  /// One of its servers has this address; a name is none.
  mutating func note(_ host: String) {
    guard sources.count < Trunk.sourceLimit, let address = IPAddress(host) else { return }
    sources.insert(address)
  }

  private static let sourceLimit = 256

  /// When the next `advance` has to look at it.
  var deadline: Duration? {
    guard wish == nil else { return .zero }
    guard let alive = keepAlive?.deadline else { return client?.deadline }
    return client?.deadline.map { min($0, alive) } ?? alive
  }

  /// The URI whose host and port our calls go to now: of the registrar that serves us, or of the server.
  var server: SIPURI? { client?.server ?? configuration.server }

  /// Where our calls are tried one after the other.
  var servers: [SIPURI] {
    guard let server else { return [] }
    return [server] + configuration.servers.filter { $0 != server }
  }

  func state() -> TrunkState {
    var state = TrunkState(name: configuration.name, kind: client?.kind ?? .accepting)
    state.server = server
    guard let client else { return state }
    state.expiry = client.expiry
    state.nextAttempt = client.deadline
    state.lastError = client.lastError
    state.failures = client.failures
    state.flow = client.flow
    return state
  }

  /// What makes another registration necessary.
  func needsRestart(for new: SIPTrunk) -> Bool {
    let old = configuration
    return old.registration != new.registration || old.domain != new.domain || old.credentials != new.credentials
      || old.outboundProxy != new.outboundProxy
  }
}
