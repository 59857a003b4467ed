/// How long to wait after a failed registration or a lost flow (RFC 5626 §4.5).
///
/// The bound is `base × 2^failures`, at most `maximum`; the wait is drawn between half of it and all of it, so that many devices do not come
/// back at once.
package struct RegistrationBackoff: Hashable, Sendable {
  package struct Times: Hashable, Sendable {
    /// The default is 30 s.
    package var base: Duration = .seconds(30)
    /// The default is 1,800 s.
    package var maximum: Duration = .seconds(1800)

    package init() {}
  }

  private let times: Times
  /// In a row.
  package private(set) var failures = 0

  package init(_ times: Times) { self.times = times }

  package mutating func succeeded() { failures = 0 }
  package mutating func failed() { failures = min(failures + 1, 1000) }

  /// The longest wait after the failures so far.
  package var bound: Duration {
    var bound = times.base
    for _ in 0..<failures where bound < times.maximum { bound = bound * 2 }
    return min(bound, max(times.maximum, .milliseconds(1)))
  }

  /// A wait drawn from the upper half of the bound; `draw` is 0 … 1,000.
  package func wait(draw: Int) -> Duration { bound / 2 + bound * min(max(draw, 0), 1000) / 2000 }
}
