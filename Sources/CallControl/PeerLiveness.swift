/// Whether the softphone is still there: silence makes us ask, only an unanswered question counts.
///
///     alert ──packets missing, or held for an interval: ping──▶ asking ──answered──▶ alert
///                                                                  └──unanswered──▶ lost
///
/// With the defaults a softphone that dies is known to be dead 25 s later: 10 s of silence, 15 s for the answer.
package struct PeerLiveness: Sendable {
  private enum State: Equatable {
    /// `nextPing` is nil while packets come.
    case alert(nextPing: Duration?)
    case asking(until: Duration)
    case lost
  }

  package enum Decision: Hashable, Sendable {
    case none
    case ping
    case lost
  }

  private let interval: Duration
  private let patience: Duration
  private var state = State.alert(nextPing: nil)
  private var isHeld = false
  private var isMissing = false

  package init(interval: Duration, patience: Duration) {
    self.interval = interval
    self.patience = patience
  }

  package var deadline: Duration? {
    switch state {
    case .alert(let nextPing): nextPing
    case .asking(let until): until
    case .lost: nil
    }
  }

  /// Packets were missing when it was last asked.
  package var lacksPackets: Bool { isMissing && !isHeld }

  package mutating func packetsMissing(now: Duration) -> Decision {
    isMissing = true
    guard !isHeld, case .alert(nil) = state else { return .none }
    return ask(now)
  }

  /// Packets prove that somebody is there, whether or not it answers questions.
  package mutating func packetsResumed(now: Duration) {
    isMissing = false
    if state != .lost { rest(now) }
  }

  /// While the call is held no packets are expected, so it is asked again and again.
  package mutating func held(_ held: Bool, now: Duration) {
    guard held != isHeld else { return }
    isHeld = held
    // Whether packets come after a hold is for the media path to say anew.
    isMissing = false
    if case .alert = state { rest(now) }
  }

  package mutating func answered(now: Duration) {
    guard case .asking = state else { return }
    rest(now)
  }

  package mutating func unanswered() -> Decision {
    guard case .asking = state else { return .none }
    state = .lost
    return .lost
  }

  package mutating func advance(to now: Duration) -> Decision {
    switch state {
    case .alert(let nextPing?) where nextPing <= now: return ask(now)
    case .asking(let until) where until <= now: return unanswered()
    default: return .none
    }
  }

  private mutating func ask(_ now: Duration) -> Decision {
    state = .asking(until: now + patience)
    return .ping
  }

  private mutating func rest(_ now: Duration) {
    state = .alert(nextPing: isHeld || isMissing ? now + interval : nil)
  }
}
