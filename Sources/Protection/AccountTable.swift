/// What is held against accounts; only accounts that exist have an entry, so that made-up names cost nothing.
///
/// ```
///   wrong credentials from anywhere ─▶ failures spent ─▶ guarded: only known telephones may log in ─ half forgiven ─▶ open
///   right credentials ─▶ requests spent ─▶ throttled: 503 ─ half come back ─▶ open
/// ```
struct AccountTable: Sendable {
  private struct Record: Sendable {
    var failures = TokenBucket()
    var requests = TokenBucket()
    var restriction: AccountRestriction?
  }

  private var records: [String: Record] = [:]
  private var restricted: Set<String> = []

  /// True when the account is guarded from now on.
  mutating func failed(_ account: String, _ allowance: Allowance, _ now: Moment) -> Bool {
    var record = records[account] ?? Record()
    defer { records[account] = record }
    guard !record.failures.take(of: allowance, now: now), record.restriction == nil else { return false }
    record.restriction = .guarded
    restricted.insert(account)
    return true
  }

  /// True when the account is throttled from now on.
  mutating func used(_ account: String, _ allowance: Allowance, _ now: Moment) -> Bool {
    var record = records[account] ?? Record()
    defer { records[account] = record }
    guard !record.requests.take(of: allowance, now: now), record.restriction == nil else { return false }
    record.restriction = .throttled
    restricted.insert(account)
    return true
  }

  mutating func release(_ configuration: ProtectionConfiguration, _ now: Moment) -> [String] {
    var released: [String] = []
    for account in restricted {
      guard var record = records[account] else { continue }
      let isOver =
        switch record.restriction {
        case .guarded: isHalfFull(record.failures, configuration.accountFailures, now)
        case .throttled: isHalfFull(record.requests, configuration.accountRequests, now)
        case nil: true
        }
      guard isOver else { continue }
      record.restriction = nil
      records[account] = record
      released.append(account)
    }
    restricted.subtract(released)
    return released
  }

  private func isHalfFull(_ bucket: TokenBucket, _ allowance: Allowance, _ now: Moment) -> Bool {
    bucket.spent(of: allowance, now: now) <= Double(allowance.burst) / 2
  }

  /// Forgets accounts that are gone.
  mutating func keep(_ names: Set<String>) {
    records = records.filter { names.contains($0.key) }
    restricted.formIntersection(names)
  }

  var restrictions: [(account: String, restriction: AccountRestriction)] {
    restricted.sorted().compactMap { account in records[account]?.restriction.map { (account, $0) } }
  }
}

/// What an account cannot do for a time.
package enum AccountRestriction: String, Hashable, Sendable {
  /// Too many wrong passwords from anywhere: only the hosts that it is registered from may log in.
  case guarded
  /// Too many requests: 503.
  case throttled
}

extension Protection {
  /// An account was used with right credentials; true when it is throttled from now on.
  package mutating func used(account: String, now: Duration) -> Bool {
    accounts.used(account, configuration.accountRequests, Moment(now))
  }

  /// The accounts whose restriction is over; call about once a second.
  package mutating func releaseAccounts(now: Duration) -> [String] { accounts.release(configuration, Moment(now)) }

  package var restrictedAccounts: [(account: String, restriction: AccountRestriction)] { accounts.restrictions }

  /// The accounts that there are.
  package mutating func keepAccounts(_ names: Set<String>) { accounts.keep(names) }
}
