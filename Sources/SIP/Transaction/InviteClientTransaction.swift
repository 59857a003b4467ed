/// The INVITE client transaction (RFC 3261 §17.1.1 as changed by RFC 6026 §7.2).
///
///                    | INVITE from the user agent: sent
///     timer A: send  V            timer B, transport error: report
///      +------>[ Calling ]------------------------------------------+
///      |        | |  | 1xx: deliver                                 |
///      +--------+ |  +------->[ Proceeding ]--+ 1xx: deliver        |
///                 |             |        |^---+                     |
///       300-699:  |   300-699:  |        | 2xx: deliver             |
///       ACK,      |   ACK,      |        |                          |
///       deliver   V   deliver   V        V                          V
///              [ Completed ]<---+    [ Accepted ]               [ Terminated ]
///               | 300-699: ACK           | 2xx: deliver             ^
///               +--- timer D ------------+--- timer M --------------+
///
/// Where this differs: Proceeding has a limit, timer C and 64 × T1 after the last provisional response, so that a peer that rings and then falls
/// silent cannot keep a transaction for ever. The call itself is given up before it (timer C, CANCEL).
package struct InviteClientTransaction: Sendable {
  private enum State {
    case calling(RetransmissionSchedule?, timerB: Duration)
    case proceeding(limit: Duration)
    case completed(timerD: Duration)
    case accepted(timerM: Duration)
    case terminated
  }

  /// What the transaction layer has to do.
  package enum Action: Sendable, Equatable {
    case none
    case retransmit
    case deliver
    /// Send the ACK of this transaction and deliver the response.
    case acknowledgeAndDeliver
    /// Send the ACK again; the response is a repetition.
    case acknowledge
    case timedOut
    case transportFailed
  }

  private var state: State
  private let timers: TransactionTimers
  private let isReliable: Bool

  /// Starts in Calling; the caller transmits the INVITE.
  ///
  /// - Parameter patience: timer B, unless it is 64 × T1.
  package init(isReliable: Bool, timers: TransactionTimers, patience: Duration? = nil, now: Duration) {
    self.isReliable = isReliable
    self.timers = timers
    let schedule = isReliable ? nil : RetransmissionSchedule(first: timers.t1, ceiling: nil, now: now)
    state = .calling(schedule, timerB: now + (patience ?? timers.timeout))
  }

  package var isTerminated: Bool { if case .terminated = state { true } else { false } }

  /// True until a final response has come: a CANCEL still makes sense (RFC 3261 §9.1).
  package var isPending: Bool {
    switch state {
    case .calling, .proceeding: true
    case .completed, .accepted, .terminated: false
    }
  }

  package var deadline: Duration? {
    switch state {
    case .calling(let schedule, let timerB): schedule.map { min($0.next, timerB) } ?? timerB
    case .proceeding(let timer), .completed(let timer), .accepted(let timer): timer
    case .terminated: nil
    }
  }

  package mutating func receive(status: Int, now: Duration) -> Action {
    switch (state, status) {
    case (.calling, ..<200), (.proceeding, ..<200):
      state = .proceeding(limit: now + timers.inviteExpiry + timers.timeout)
      return .deliver
    case (.calling, 200..<300), (.proceeding, 200..<300):
      state = .accepted(timerM: now + timers.timeout)
      return .deliver
    case (.calling, _), (.proceeding, _):
      state = isReliable ? .terminated : .completed(timerD: now + timers.timerD)
      return .acknowledgeAndDeliver
    case (.completed, 300...):
      return .acknowledge
    case (.accepted, 200..<300):
      return .deliver
    case (.completed, _), (.accepted, _), (.terminated, _):
      return .none
    }
  }

  package mutating func advance(to now: Duration) -> Action {
    switch state {
    case .calling(var schedule, let timerB):
      if now >= timerB {
        state = .terminated
        return .timedOut
      }
      guard schedule != nil, let next = schedule?.next, now >= next else { return .none }
      schedule?.fire(now: now)
      state = .calling(schedule, timerB: timerB)
      return .retransmit
    case .completed(let timer), .accepted(let timer):
      if now >= timer { state = .terminated }
      return .none
    case .proceeding(let limit):
      guard now >= limit else { return .none }
      state = .terminated
      return .timedOut
    case .terminated:
      return .none
    }
  }

  /// The request could not be sent, or its connection is gone.
  package mutating func transportFailed() -> Action {
    switch state {
    case .calling, .proceeding:
      state = .terminated
      return .transportFailed
    case .completed, .accepted, .terminated:
      // The final response is known: only an ACK may be lost, and the peer's timer H ends its side.
      return .none
    }
  }

  /// Ends without a report; used when a cancelled INVITE stays without final response (RFC 3261 §9.1).
  package mutating func abandon() { state = .terminated }
}
