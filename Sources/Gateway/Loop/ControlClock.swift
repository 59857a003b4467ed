import CLinux
package import Foundation

/// The control plane's time: monotonic since the start, with the wall clock beside it for what people read.
package struct ControlClock: Sendable {
  private let origin: Int64
  private var wallOrigin: Date

  package init() {
    origin = clinux_monotonic_nanoseconds()
    wallOrigin = Date(timeIntervalSince1970: Double(clinux_wall_clock_nanoseconds()) / 1e9)
  }

  /// Since the start.
  package var now: Duration { .nanoseconds(clinux_monotonic_nanoseconds() &- origin) }

  /// When that was, or will be.
  package func date(of time: Duration) -> Date { wallOrigin + time.inSeconds }

  /// The control plane's time at a date; negative: before the start.
  package func time(of date: Date) -> Duration { .seconds(date.timeIntervalSince(wallOrigin)) }

  /// Follows a wall clock that was set; to be called now and then.
  ///
  /// By how much it was set, s; nil: it was not, or by less than a second.
  @discardableResult
  package mutating func follow() -> Double? {
    let wall = Date(timeIntervalSince1970: Double(clinux_wall_clock_nanoseconds()) / 1e9)
    let step = wall.timeIntervalSince(date(of: now))
    guard abs(step) > 1 else { return nil }
    wallOrigin += step
    return step
  }
}

extension Duration {
  /// As a number of seconds.
  var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }

  /// Whole nanoseconds; clamped.
  var inNanoseconds: Int64 {
    let (product, overflow) = components.seconds.multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? .max : product &+ components.attoseconds / 1_000_000_000
  }
}
