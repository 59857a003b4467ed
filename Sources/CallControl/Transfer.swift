// A transfer of a call's packet side (RFC 5589): the softphone, the transferor, asks that another takes its place, the target.
// The telephone line stays where it is all the while.
//
//               REFER, allowed: 202
//                    │
//                    ▼      1xx: NOTIFY
//       ┌──────── ringing ───────────────┐ transferor hangs up
//       │            │ a target answers  ▼
//       │            │               parked (the line hears ringback) ── all refused, too long ──▶ over: the call ends
//       │            │                   │ a target answers
//       │            ▼                   ▼
//       │          over: bridged to the target; NOTIFY 200, and BYE to a transferor that is still there
//       │
//       ├── all refused, too long ──▶ over: NOTIFY with the status; the old call goes on as it was
//       └── another takes the call over (Replaces), the call ends ──▶ over: NOTIFY 487; targets are cancelled
//
// The transferor's subscription outlives its leg: it is told the outcome after its BYE as well (RFC 3515, 2.4.7).
//
// Whether hold or resume comes from the transferor meanwhile is the session's matter and changes nothing here.

/// What becomes of a transfer: a value that decides.
package struct Transfer: Sendable {
  package enum Action: Equatable, Sendable {
    /// Take the REFER.
    case accept
    /// Call the targets; answered by `targetsFailed` when none could be, or all have failed.
    case ring
    /// Tell the transferor.
    case notify(Int, isFinal: Bool)
    /// Give up all targets that have not answered.
    case cancelTargets
    /// The target that has answered is the softphone from now on.
    case bridge
    /// End the transferor's leg.
    case releaseTransferor
    /// Let the line hear that somebody is being rung.
    case park
    case end(EndReason)
  }

  private enum State: Equatable {
    case ringing(until: Duration)
    case parked(until: Duration)
    case over
  }

  /// The transferor's part in the call.
  private let transferor: CallParty
  private let target: String
  private var state: State
  private var lastProgress = 100

  /// A REFER that is allowed; `target` is for people, `ringing` how long the targets may ring.
  package init(to target: String, transferor: CallParty, ringing: Duration, now: Duration) {
    self.transferor = transferor
    self.target = target
    state = .ringing(until: now + ringing)
  }

  package var isOver: Bool { state == .over }

  /// True while nobody of the packet side is there.
  package var isParked: Bool { if case .parked = state { true } else { false } }

  package var deadline: Duration? {
    switch state {
    case .ringing(let until), .parked(let until): until
    case .over: nil
    }
  }

  /// The first thing to do.
  package func begin() -> [Action] { [.accept, .ring] }

  /// A target said 101 … 199.
  package mutating func progressed(_ status: Int) -> [Action] {
    guard state != .over, status > lastProgress, status < 200 else { return [] }
    lastProgress = status
    return [.notify(status, isFinal: false)]
  }

  /// A target answered with media that we can take.
  package mutating func answered() -> [Action] {
    switch state {
    case .ringing:
      state = .over
      return [.cancelTargets, .bridge, .notify(200, isFinal: true), .releaseTransferor]
    case .parked:
      state = .over
      return [.cancelTargets, .bridge, .notify(200, isFinal: true)]
    case .over: return []
    }
  }

  /// Every target has failed, or there was none; `status` is the best of what they said.
  package mutating func targetsFailed(_ status: Int) -> [Action] { fail(status) }

  /// The transferor hung up without waiting for the outcome.
  package mutating func transferorLeft() -> [Action] {
    guard case .ringing(let until) = state else { return [] }
    state = .parked(until: until)
    return [.park]
  }

  /// Another took the transferor's place before the target could.
  package mutating func takenOver() -> [Action] { abandon() }

  /// The call is over, whoever ended it.
  package mutating func callEnded() -> [Action] { abandon() }

  package mutating func advance(to now: Duration) -> [Action] {
    guard let deadline, deadline <= now else { return [] }
    return [.cancelTargets] + fail(408)
  }

  private mutating func fail(_ status: Int) -> [Action] {
    defer { state = .over }
    switch state {
    case .ringing: return [.notify(status, isFinal: true)]
    case .parked:
      let cause: CallCause =
        switch status {
        case 486, 600: .busy
        case 408, 480, 487: .noAnswer
        default: .nobodyReachable
        }
      let evidence = "the softphone had transferred the call to \(target) and hung up, and \(target) could not be reached (\(status))"
      return [.notify(status, isFinal: true), .end(EndReason(cause, by: transferor, because: evidence))]
    case .over: return []
    }
  }

  private mutating func abandon() -> [Action] {
    defer { state = .over }
    return state == .over ? [] : [.cancelTargets, .notify(487, isFinal: true)]
  }
}
