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
///
/// Where this differs: Trying and Proceeding end after 64 × T1, when the client has given up (RFC 4320 §4): whoever should have answered, nothing
/// is kept for ever.
package struct NonInviteServerTransaction: Sendable {
  private enum State {
    case trying(limit: Duration)
    case proceeding(limit: Duration)
    case completed(timerJ: Duration)
    case terminated
  }

  /// What the transaction layer has to do.
  package enum Action: Sendable, Equatable { case none, retransmit }

  private var state: State
  private let timers: TransactionTimers
  private let isReliable: Bool

  /// Starts in Trying; the caller delivers the request.
  package init(isReliable: Bool, timers: TransactionTimers, now: Duration) {
    self.isReliable = isReliable
    self.timers = timers
    state = .trying(limit: now + timers.timeout)
  }

  package var isTerminated: Bool { if case .terminated = state { true } else { false } }
  package var isPending: Bool {
    switch state {
    case .trying, .proceeding: true
    case .completed, .terminated: false
    }
  }

  package var deadline: Duration? {
    switch state {
    case .trying(let timer), .proceeding(let timer), .completed(let timer): timer
    case .terminated: nil
    }
  }

  /// The user agent responds; false: a final response was sent before, this one must not be.
  package mutating func send(status: Int, now: Duration) -> Bool {
    switch state {
    case .trying(let limit), .proceeding(let limit):
      if status < 200 {
        state = .proceeding(limit: limit)
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
    if let deadline, now >= deadline { state = .terminated }
  }
}
