/// How often something may happen: a rate, and how much of it may be saved up.
package struct Allowance: Hashable, Sendable {
  /// Tokens that a full bucket holds.
  package let burst: Int
  /// Tokens that come back each second.
  package let perSecond: Double
  /// Nanoseconds in which one token comes back.
  let interval: Int64

  /// What is out of range is brought into it: a burst of 1 to 100,000 tokens, a token each nanosecond to each day.
  package init(burst: Int, perSecond: Double) {
    self.burst = min(max(1, burst), 100_000)
    self.perSecond = min(max(perSecond, 1.0 / 86_400), 1e9)
    interval = Int64(1e9 / self.perSecond)
  }
}

/// A token bucket in eight bytes: the time at which it will be full again.
///
/// The allowance is given with each use, so that a changed configuration holds at once.
package struct TokenBucket: Hashable, Sendable {
  private var fullAt: Int64 = .min

  package init() {}

  /// Takes tokens; false, and nothing is taken, when there are too few.
  package mutating func take(_ count: Int = 1, of allowance: Allowance, now: Moment) -> Bool {
    let interval = allowance.interval
    let next = max(fullAt, now.nanoseconds) &+ interval &* Int64(count)
    guard next &- now.nanoseconds <= interval &* Int64(allowance.burst) else { return false }
    fullAt = next
    return true
  }

  /// Tokens that are missing now.
  package func spent(of allowance: Allowance, now: Moment) -> Double {
    guard fullAt > now.nanoseconds else { return 0 }
    return Double(fullAt &- now.nanoseconds) / Double(allowance.interval)
  }

  /// When a whole token will be there, from now.
  package func wait(of allowance: Allowance, now: Moment) -> Duration {
    let interval = allowance.interval
    let missing = max(fullAt, now.nanoseconds) &- now.nanoseconds &+ interval &- interval &* Int64(allowance.burst)
    return .nanoseconds(max(0, missing))
  }
}

/// A time in nanoseconds since the origin of `now`; cheaper to reckon with than `Duration`.
package struct Moment: Hashable, Comparable, Sendable {
  package var nanoseconds: Int64

  package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  package init(_ time: Duration) {
    let (seconds, attoseconds) = time.components
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    nanoseconds = overflow ? (seconds > 0 ? .max / 2 : .min / 2) : product &+ attoseconds / 1_000_000_000
  }

  package var duration: Duration { .nanoseconds(nanoseconds) }

  package static func < (left: Moment, right: Moment) -> Bool { left.nanoseconds < right.nanoseconds }
  package static func + (left: Moment, right: Duration) -> Moment { Moment(nanoseconds: left.nanoseconds &+ Moment(right).nanoseconds) }
}
