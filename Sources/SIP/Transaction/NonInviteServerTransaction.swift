/// The non-INVITE server transaction (RFC 3261 §17.2.2).
///
///                  | request: delivered
///                  V
///            [ Trying ]--------------- 200-699 from the user agent: send ----+
///                  | 1xx from the user agent: send                           |
///                  V                                                         V
///          [ Proceeding ]--+ request: resend              request: resend [ Completed ]
///                  |   ^---+                                                 | timer J
///                  +---------- 200-699: send --> [ Completed ]               V
///                                                                      [ Terminated ]
package struct NonInviteServerTransaction: Sendable {
  private enum State {
    case trying
    case proceeding
    case completed(timerJ: Duration)
    case terminated
  }

  /// What the transaction layer has to do.
  package enum Action: Sendable, Equatable { case none, retransmit }

  private var state = State.trying
  private let timers: TransactionTimers
  private let isReliable: Bool

  /// Starts in Trying; the caller delivers the request.
  package init(isReliable: Bool, timers: TransactionTimers) {
    self.isReliable = isReliable
    self.timers = timers
  }

  package var isTerminated: Bool { if case .terminated = state { true } else { false } }
  package var isPending: Bool {
    switch state {
    case .trying, .proceeding: true
    case .completed, .terminated: false
    }
  }

  package var deadline: Duration? {
    if case .completed(let timerJ) = state { timerJ } else { nil }
  }

  /// The user agent responds; false: a final response was sent before, this one must not be.
  package mutating func send(status: Int, now: Duration) -> Bool {
    switch state {
    case .trying, .proceeding:
      if status < 200 {
        state = .proceeding
      } else {
        state = isReliable ? .terminated : .completed(timerJ: now + timers.timeout)
      }
      return true
    case .completed, .terminated:
      return false
    }
  }

  /// The request came again.
  package mutating func receiveRepetition() -> Action {
    switch state {
    case .proceeding, .completed: .retransmit
    case .trying, .terminated: .none
    }
  }

  package mutating func advance(to now: Duration) {
    if case .completed(let timerJ) = state, now >= timerJ { state = .terminated }
  }
}
