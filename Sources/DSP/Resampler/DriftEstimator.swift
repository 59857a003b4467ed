import RealTime

//  delay of each packet (arrival less time stamp), ns
//      │
//      ▼   least of each half of a window: 1 s, at first 0.4 s
//   envelope ──▶ Kalman filter: offset and slope ──▶ slope: the drift
//      │               ▲
//      └─ far off: a change of the route, thrice the same ──▶ base moves, the slope stays

/// Estimates by how much a clock that stamps packets differs from ours, from the lower envelope of arrival less time stamp.
///
/// Works the same for a line, whose "packets" are its sample counts. On a quiet network the drift is known to 20 ppm after
/// 3 s and to 1 ppm after half a minute; under jitter of 40 ms it takes minutes, and the estimate stays near 0 until then.
package struct DriftEstimator: BitwiseCopyable, Sendable {
  private struct Least: BitwiseCopyable {
    var delay = Int64.max
    var time: Int64 = 0
  }

  /// Standard deviation of drifts before anything is known, ppm.
  private static var prior: Double { @_noLocks get { 200 } }
  /// Least noise of the envelope that is believed, µs.
  private static var floor: Double { @_noLocks get { 20 } }
  /// By how much drift wanders in 1 s, ppm².
  private static var wander: Double { @_noLocks get { 1e-4 } }

  /// The delay that counts as 0, ns; changes of the route move it.
  package private(set) var base: Int64 = 0
  private var hasBegun = false

  // The window.
  private var windowStart: Int64 = 0
  private var inWindow = 0
  private var first = Least()
  private var second = Least()

  // The filter: µs and ppm (µs a second).
  private var offset = 0.0
  private var slope = 0.0
  private var varianceOfOffset = 1e9
  private var covariance = 0.0
  private var varianceOfSlope = 200.0 * 200
  private var updated: Int64 = 0
  private var noise = 0.0
  private var surprise = 1.0

  // Windows far off, in a row.
  private var strays = 0
  private var strayLeast = 0.0
  private var strayMost = 0.0
  private var straySum = 0.0

  /// Windows that the estimate rests on.
  package private(set) var windows = 0

  @_noLocks
  package init() {}

  /// Forgets everything: another clock.
  @_noLocks
  package mutating func reset() {
    self = Self()
  }

  /// The time stamps jump; the clock is the same.
  @_noLocks
  package mutating func rebase() {
    guard hasBegun else { return }
    hasBegun = false
    strays = 0
  }

  /// Begins with a drift known from before, to about 5 ppm.
  @_noLocks
  package mutating func presume(driftPPM: Double) {
    slope = 0 - driftPPM
    varianceOfSlope = 25
  }

  /// By how much the other clock is fast, ppm; 0 as long as nothing is known.
  package var driftPPM: Double {
    @_noLocks get { 0 - slope }
  }

  /// The standard deviation of `driftPPM`, ppm.
  package var uncertainty: Double {
    @_noLocks get { RealTimeMath.squareRoot(varianceOfSlope) }
  }

  /// Where the envelope is expected at `time`, ns above the base; the base's moves are not in it.
  @_noLocks
  package func envelope(at time: Int64) -> Double {
    (offset + slope * Double(time &- updated) * 1e-9) * 1_000
  }

  /// Takes one delay, ns, of something that came at `time`, ns on the monotonic clock.
  @_noLocks
  package mutating func add(delay: Int64, at time: Int64) {
    if !hasBegun { begin(delay: delay, at: time) }
    let length: Int64 = windows < 10 ? 400_000_000 : 1_000_000_000
    let age = time &- windowStart
    if age >= length || age < 0 &- length { closeWindow(at: time) }
    inWindow = inWindow &+ 1
    if time &- windowStart < length / 2 {
      if delay < first.delay { first = Least(delay: delay, time: time) }
    } else if delay < second.delay {
      second = Least(delay: delay, time: time)
    }
  }

  @_noLocks
  private mutating func begin(delay: Int64, at time: Int64) {
    if windows == 0 {
      base = delay
      updated = time
    } else {
      // Went on where it had come to, as far as one packet tells.
      base = delay &- Int64(Self.bounded(envelope(at: time), by: 1e15))
      varianceOfOffset += 1e9
    }
    hasBegun = true
    windowStart = time
    clearWindow()
  }

  @_noLocks
  private mutating func clearWindow() {
    inWindow = 0
    first = Least()
    second = Least()
  }

  @_noLocks
  private mutating func closeWindow(at time: Int64) {
    if inWindow >= 6, first.delay != .max, second.delay != .max { take() }
    clearWindow()
    windowStart = time
  }

  @_noLocks
  private mutating func take() {
    let early = Double(first.delay &- base) * 1e-3
    let late = Double(second.delay &- base) * 1e-3
    let apart = Double(second.time &- first.time) * 1e-9
    learnNoise(late - early - slope * apart, slack: 2 * uncertainty * apart)
    windows = windows < 1_000_000 ? windows &+ 1 : windows
    // The lesser of the two, as the slope sees it.
    if late - slope * apart < early { update(late, at: second.time) } else { update(early, at: first.time) }
  }

  /// What the halves of a window differ by beyond the drift is the envelope's noise.
  @_noLocks
  private mutating func learnNoise(_ difference: Double, slack: Double) {
    let size = difference < 0 ? 0 - difference : difference
    let beyond = size > slack ? size - slack : 0
    var square = beyond * beyond / 2
    let least = Self.floor * Self.floor
    if square < least { square = least }
    guard windows > 0 else {
      noise = square
      return
    }
    // One window over a change of the route is not noise.
    if windows > 5, square > 6 * noise { square = 6 * noise }
    noise += (square - noise) * (square < noise || windows > 8 ? 0.1 : 0.5)
  }

  @_noLocks
  private mutating func update(_ value: Double, at time: Int64) {
    predict(to: time)
    let doubt = noise * (1 + 10 / Double(windows))
    let innovation = value - offset
    let variance = varianceOfOffset + doubt
    let size = innovation < 0 ? 0 - innovation : innovation
    let gate = Self.larger(3 * RealTimeMath.squareRoot(variance), 2_000)
    if windows > 2, size > gate {
      stray(innovation, gate: gate)
      return
    }
    strays = 0
    surprise += (innovation * innovation / variance - surprise) * 0.2
    if surprise > 3, windows > 6 {
      // The drift itself has changed.
      varianceOfSlope *= 1.5
      varianceOfOffset += noise * 0.2
    }
    let total = varianceOfOffset + doubt
    let gain = varianceOfOffset / total
    let slopeGain = covariance / total
    offset += gain * innovation
    slope = Self.bounded(slope + slopeGain * innovation, by: 1_000)
    varianceOfSlope -= slopeGain * covariance
    covariance -= gain * covariance
    varianceOfOffset -= gain * varianceOfOffset
    if varianceOfSlope < 1e-6 { varianceOfSlope = 1e-6 }
  }

  @_noLocks
  private mutating func predict(to time: Int64) {
    let seconds = Double(time &- updated) * 1e-9
    updated = time
    guard seconds > 0 else { return }
    offset += slope * seconds
    varianceOfOffset += 2 * seconds * covariance + seconds * seconds * varianceOfSlope + Self.wander * seconds * seconds * seconds / 3
    covariance += seconds * varianceOfSlope + Self.wander * seconds * seconds / 2
    varianceOfSlope += Self.wander * seconds
  }

  /// A window far from what was expected: three in a row that agree are another route, three that do not another drift.
  @_noLocks
  private mutating func stray(_ innovation: Double, gate: Double) {
    if strays == 0 {
      strayLeast = innovation
      strayMost = innovation
      straySum = 0
    }
    strays = strays &+ 1
    straySum += innovation
    if innovation < strayLeast { strayLeast = innovation }
    if innovation > strayMost { strayMost = innovation }
    guard strays >= 3 else { return }
    let isRoute = strayMost - strayLeast < gate
    base = base &+ Int64(Self.bounded((isRoute ? straySum / 3 : innovation) * 1_000, by: 1e15))
    varianceOfOffset += noise
    if !isRoute {
      covariance = 0
      varianceOfSlope = Self.prior * Self.prior
    }
    strays = 0
  }

  @_noLocks
  private static func larger(_ left: Double, _ right: Double) -> Double {
    left > right ? left : right
  }

  @_noLocks
  private static func bounded(_ value: Double, by limit: Double) -> Double {
    value > limit ? limit : (value > 0 - limit ? value : 0 - limit)
  }
}
