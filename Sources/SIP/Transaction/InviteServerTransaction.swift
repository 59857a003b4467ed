/// The INVITE server transaction (RFC 3261 §17.2.1 as changed by RFC 6026 §7.1).
///
///                     | INVITE: delivered
///     INVITE: resend  V
///      +------>[ Proceeding ]--+ 1xx from the user agent: send
///      +--------+  |   |   ^---+
///                  |   | 2xx from the user agent: send
///       300-699:   |   +------------->[ Accepted ]--+ INVITE: absorbed
///       send       |                    |   |   ^---+ 2xx: send (the user agent retransmits it)
///                  V                    |   +- ACK: deliver
///     +------>[ Completed ]--+          |
///     |         |    |    ^--+ timer G, INVITE: resend
///     |         | ACK|                  |
///     |         |    V                  |
///     | timer H |  [ Confirmed ]        |
///     | report  |    | timer I          | timer L
///     |         V    V                  V
///     +-----[            Terminated             ]
package struct InviteServerTransaction: Sendable {
  private enum State {
    case proceeding
    case completed(RetransmissionSchedule?, timerH: Duration)
    case confirmed(timerI: Duration)
    case accepted(timerL: Duration)
    case terminated
  }

  /// What the transaction layer has to do.
  package enum Action: Sendable, Equatable {
    case none
    /// Send the last response again, if one was sent.
    case retransmit
    /// An ACK that belongs to the user agent (of a 2xx).
    case deliver
    /// The ACK of a final response other than 2xx never came.
    case timedOut
  }

  private var state = State.proceeding
  private let timers: TransactionTimers
  private let isReliable: Bool

  /// Starts in Proceeding; the caller delivers the INVITE.
  package init(isReliable: Bool, timers: TransactionTimers) {
    self.isReliable = isReliable
    self.timers = timers
  }

  package var isTerminated: Bool { if case .terminated = state { true } else { false } }
  /// True until a final response has been sent: a CANCEL still has an effect (RFC 3261 §9.2).
  package var isPending: Bool { if case .proceeding = state { true } else { false } }

  package var deadline: Duration? {
    switch state {
    case .completed(let schedule, let timerH): schedule.map { min($0.next, timerH) } ?? timerH
    case .confirmed(let timer), .accepted(let timer): timer
    case .proceeding, .terminated: nil
    }
  }

  /// The user agent responds; false: this response has no place any more and must not be sent.
  package mutating func send(status: Int, now: Duration) -> Bool {
    switch (state, status) {
    case (.proceeding, ..<200):
      return true
    case (.proceeding, 200..<300):
      state = .accepted(timerL: now + timers.timeout)
      return true
    case (.proceeding, _):
      // Timer G runs over unreliable transports only; timer H over both.
      let schedule = isReliable ? nil : RetransmissionSchedule(first: timers.t1, ceiling: timers.t2, now: now)
      state = .completed(schedule, timerH: now + timers.timeout)
      return true
    case (.accepted, 200..<300):
      return true
    case (.accepted, _), (.completed, _), (.confirmed, _), (.terminated, _):
      return false
    }
  }

  /// The INVITE came again.
  package mutating func receiveRepetition() -> Action {
    switch state {
    case .proceeding, .completed: .retransmit
    case .accepted, .confirmed, .terminated: .none
    }
  }

  package mutating func receiveAcknowledgement(now: Duration) -> Action {
    switch state {
    case .completed:
      // Timer I is zero over reliable transports.
      state = isReliable ? .terminated : .confirmed(timerI: now + timers.t4)
      return .none
    case .accepted:
      return .deliver
    case .proceeding, .confirmed, .terminated:
      return .none
    }
  }

  package mutating func advance(to now: Duration) -> Action {
    switch state {
    case .completed(var schedule, let timerH):
      if now >= timerH {
        state = .terminated
        return .timedOut
      }
      guard let next = schedule?.next, now >= next else { return .none }
      schedule?.fire(now: now)
      state = .completed(schedule, timerH: timerH)
      return .retransmit
    case .confirmed(let timer), .accepted(let timer):
      if now >= timer { state = .terminated }
      return .none
    case .proceeding, .terminated:
      return .none
    }
  }
}
