package import SIP

// Whether new calls are looked at at all. A call that no line can carry is refused with its reason and a record, as long as that stays
// rare; beyond, and when the processor is busy, the user agent turns calls away before any work is done on them.
//
//            ┌──── open ◀──── a line is free or about to be; or the second is over ────┐
//            │                                                                         │
//            └── nothing free, and `refusalsPerSecond` calls were refused for it ──▶ closed
//
//   load ≥ 0.95 ──▶ closed, whatever is free, until load < 0.80
//
// Emergency calls and calls that replace running ones pass in every state: the user agent sees to that.

/// Decides on `UserAgent.admission`: a value.
package struct OverloadGate: Sendable {
  /// Calls that are refused with everything that belongs to it, in any second without a free line.
  package static let refusalsPerSecond = 5
  package static let closesAtLoad = 0.95
  package static let opensBelowLoad = 0.8
  /// Soon: what is refused now may well find a line a moment later.
  package static let retryAfterSeconds = 2

  private var windowEnd: Duration?
  private var refusals = 0

  /// The load was too high, and has not fallen far enough yet.
  package private(set) var isLoaded = false

  package init() {}

  /// When a closed gate opens by itself to look at some calls.
  package var deadline: Duration? { refusals >= Self.refusalsPerSecond ? windowEnd : nil }

  /// How busy the processor is with signalling, 0–1; true: it is too busy now, or not any more.
  package mutating func setLoad(_ load: Double) -> Bool {
    let was = isLoaded
    isLoaded = load >= (isLoaded ? Self.opensBelowLoad : Self.closesAtLoad)
    return was != isLoaded
  }

  /// A call was refused since no line could carry it.
  package mutating func refused(now: Duration) {
    if let windowEnd, windowEnd > now {
      refusals += 1
    } else {
      windowEnd = now + .seconds(1)
      refusals = 1
    }
  }

  /// `hasRoom`: some line is free, or about to be with nobody waiting for it.
  package mutating func admission(hasRoom: Bool, now: Duration) -> Admission {
    if let windowEnd, windowEnd <= now || hasRoom {
      self.windowEnd = nil
      refusals = 0
    }
    let isClosed = isLoaded || refusals >= Self.refusalsPerSecond
    return isClosed ? .closed(retryAfterSeconds: Self.retryAfterSeconds) : .open
  }
}
