/// A 2xx of ours that waits for its ACK; the user agent, not the transaction, repeats it (RFC 3261 §13.3.1.4).
///
///     2xx sent ──▶ [ waiting ]--+ T1, 2 T1, … T2: send (over TCP and TLS too)
///                   |     |  ^--+
///              ACK: |     | 64 × T1: give up
///                   V     V
///                  [ over ]
struct AnswerRetransmission: Sendable {
  enum Action: Sendable, Equatable { case none, retransmit, giveUp }

  let response: SIPResponse
  let destination: Destination
  let sequence: UInt32
  /// Our 2xx carried the offer: the ACK carries the answer.
  let carriesOffer: Bool
  private var schedule: RetransmissionSchedule
  private let limit: Duration

  init(
    response: SIPResponse, destination: Destination, sequence: UInt32, carriesOffer: Bool, timers: TransactionTimers, now: Duration
  ) {
    self.response = response
    self.destination = destination
    self.sequence = sequence
    self.carriesOffer = carriesOffer
    schedule = RetransmissionSchedule(first: timers.t1, ceiling: timers.t2, now: now)
    limit = now + timers.timeout
  }

  var deadline: Duration { min(schedule.next, limit) }

  mutating func advance(to now: Duration) -> Action {
    if now >= limit { return .giveUp }
    guard now >= schedule.next else { return .none }
    schedule.fire(now: now)
    return .retransmit
  }
}
