/// How much of the tables each host holds: calls that it began, and transactions.
struct SourceShares: Sendable {
  private var counts: [String: Int] = [:]
  private var hosts: [LegID: String] = [:]

  /// Calls that a host began and that are still in the table.
  func calls(of host: String) -> Int { counts[host] ?? 0 }

  mutating func add(_ leg: LegID, of host: String) {
    hosts[leg] = host
    counts[host, default: 0] += 1
  }

  mutating func remove(_ leg: LegID) {
    guard let host = hosts.removeValue(forKey: leg), let count = counts[host] else { return }
    counts[host] = count > 1 ? count - 1 : nil
  }
}

extension UserAgent {
  /// Whether an authenticated host may have one more transaction, and one more call where the request begins one.
  func hasShare(for request: SIPRequest, _ flow: Flow) -> Bool {
    guard transactions.serversByHost[flow.remote.host, default: 0] < configuration.limits.transactionsPerSource else { return false }
    return request.method != .invite || shares.calls(of: flow.remote.host) < configuration.limits.callsPerSource
  }
}
