/// The non-INVITE client transaction (RFC 3261 §17.1.2).
///
///     timer E: send  | request: sent
///      +-------------V                timer F, transport error: report
///      +------>[ Trying ]-------------------------------------------+
///                |   | 1xx: deliver                                 |
///                |   +--->[ Proceeding ]--+ timer E: send           |
///       200-699: |          |         ^---+ 1xx: deliver            |
///       deliver  V          V 200-699: deliver                      V
///              [ Completed ] ------------ timer K ----------> [ Terminated ]
package struct NonInviteClientTransaction: Sendable {
  private enum State {
    case trying(RetransmissionSchedule?, timerF: Duration)
    case proceeding(RetransmissionSchedule?, timerF: Duration)
    case completed(timerK: Duration)
    case terminated
  }

  /// What the transaction layer has to do.
  package enum Action: Sendable, Equatable { case none, retransmit, deliver, timedOut, transportFailed }

  private var state: State
  private let timers: TransactionTimers
  private let isReliable: Bool

  /// Starts in Trying; the caller transmits the request.
  ///
  /// - Parameter patience: timer F, unless it is 64 × T1.
  package init(isReliable: Bool, timers: TransactionTimers, patience: Duration? = nil, now: Duration) {
    self.isReliable = isReliable
    self.timers = timers
    let schedule = isReliable ? nil : RetransmissionSchedule(first: timers.t1, ceiling: timers.t2, now: now)
    state = .trying(schedule, timerF: now + (patience ?? timers.timeout))
  }

  package var isTerminated: Bool { if case .terminated = state { true } else { false } }

  /// No final response has come yet.
  package var awaitsAnswer: Bool {
    switch state {
    case .trying, .proceeding: true
    case .completed, .terminated: false
    }
  }

  package var deadline: Duration? {
    switch state {
    case .trying(let schedule, let timerF), .proceeding(let schedule, let timerF): schedule.map { min($0.next, timerF) } ?? timerF
    case .completed(let timerK): timerK
    case .terminated: nil
    }
  }

  package mutating func receive(status: Int, now: Duration) -> Action {
    switch state {
    case .trying(var schedule, let timerF):
      guard status < 200 else { return complete(now: now) }
      schedule?.slowDown(now: now)
      state = .proceeding(schedule, timerF: timerF)
      return .deliver
    case .proceeding:
      return status < 200 ? .deliver : complete(now: now)
    case .completed, .terminated:
      return .none
    }
  }

  package mutating func advance(to now: Duration) -> Action {
    switch state {
    case .trying(var schedule, let timerF):
      let action = fire(&schedule, timerF: timerF, now: now)
      if action == .retransmit { state = .trying(schedule, timerF: timerF) }
      return action
    case .proceeding(var schedule, let timerF):
      let action = fire(&schedule, timerF: timerF, now: now)
      if action == .retransmit { state = .proceeding(schedule, timerF: timerF) }
      return action
    case .completed(let timerK):
      if now >= timerK { state = .terminated }
      return .none
    case .terminated:
      return .none
    }
  }

  /// The request could not be sent, or its connection is gone.
  package mutating func transportFailed() -> Action {
    switch state {
    case .trying, .proceeding:
      state = .terminated
      return .transportFailed
    case .completed, .terminated:
      return .none
    }
  }

  private mutating func complete(now: Duration) -> Action {
    state = isReliable ? .terminated : .completed(timerK: now + timers.t4)
    return .deliver
  }

  private mutating func fire(_ schedule: inout RetransmissionSchedule?, timerF: Duration, now: Duration) -> Action {
    if now >= timerF {
      state = .terminated
      return .timedOut
    }
    guard let next = schedule?.next, now >= next else { return .none }
    schedule?.fire(now: now)
    return .retransmit
  }
}
