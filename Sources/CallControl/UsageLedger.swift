/// What limits and budgets have been used: calls begun in the last minute, talk in the last 24 hours.
package struct UsageLedger: Sendable {
  private struct Talk {
    var endedAt: Duration
    var account: String?
    var length: Duration
  }

  private static let minute = Duration.seconds(60)
  private static let day = Duration.seconds(24 * 3600)

  private var begun: [Duration] = []
  private var talks: [Talk] = []

  package init() {}

  /// Counts a call unless `limit` calls were begun in the last 60 s; false: they were.
  package mutating func begin(limit: Int?, now: Duration) -> Bool {
    guard let limit else { return true }
    if let first = begun.firstIndex(where: { $0 > now - Self.minute }) { begun.removeFirst(first) } else { begun.removeAll() }
    guard begun.count < limit else { return false }
    begun.append(now)
    return true
  }

  package mutating func add(_ length: Duration, account: String?, now: Duration) {
    guard length > .zero else { return }
    if let first = talks.firstIndex(where: { $0.endedAt > now - Self.day }) { talks.removeFirst(first) } else { talks.removeAll() }
    talks.append(Talk(endedAt: now, account: account, length: length))
  }

  /// Talk of the last 24 hours: of one account, or of all with nil.
  package func used(by account: String?, now: Duration) -> Duration {
    talks.reduce(.zero) { sum, talk in
      guard talk.endedAt > now - Self.day, account == nil || talk.account == account else { return sum }
      return sum + talk.length
    }
  }
}
