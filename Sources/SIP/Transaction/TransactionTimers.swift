/// Base times of the transaction machines (RFC 3261 §17.1.1.1 and table 4).
package struct TransactionTimers: Sendable, Equatable {
  /// Round-trip estimate; the default is 500 ms.
  package var t1: Duration
  /// Longest interval between retransmissions of a non-INVITE request or an INVITE response; the default is 4 s.
  package var t2: Duration
  /// Longest time a message stays in the network; the default is 5 s.
  package var t4: Duration
  /// Timer C: how long an INVITE may stay unanswered after a provisional response; the default is 180 s.
  package var inviteExpiry: Duration
  /// How long a server may say nothing at all while there is another to ask (RFC 3263 §4.3); the default is 4 s.
  package var failover = Duration.seconds(4)

  package init(
    t1: Duration = .milliseconds(500), t2: Duration = .seconds(4), t4: Duration = .seconds(5), inviteExpiry: Duration = .seconds(180)
  ) {
    self.t1 = t1
    self.t2 = t2
    self.t4 = t4
    self.inviteExpiry = inviteExpiry
  }

  /// Timers B, F, H, J, L and M: 64 × T1.
  package var timeout: Duration { t1 * 64 }

  /// Timer D: 32 s at the least, so that it covers the longest retransmission of the peer's server transaction.
  package var timerD: Duration { max(timeout, .seconds(32)) }
}

/// A retransmission schedule that doubles from T1, up to a ceiling when there is one.
struct RetransmissionSchedule: Sendable {
  private(set) var next: Duration
  private var interval: Duration
  private let ceiling: Duration?

  init(first interval: Duration, ceiling: Duration?, now: Duration) {
    self.interval = interval
    self.ceiling = ceiling
    next = now + interval
  }

  /// Takes one firing; intervals are counted from `now`, so a late wake-up does not cause a burst.
  mutating func fire(now: Duration) {
    interval = interval * 2
    if let ceiling, interval > ceiling { interval = ceiling }
    next = now + interval
  }

  /// Goes straight to the ceiling (RFC 3261 §17.1.2.2: timer E in Proceeding is T2).
  mutating func slowDown(now: Duration) {
    guard let ceiling else { return }
    interval = ceiling
    next = now + interval
  }
}
