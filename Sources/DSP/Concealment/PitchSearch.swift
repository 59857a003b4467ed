import RealTime

/// The pitch period at the end of a stretch of samples.
struct Pitch: BitwiseCopyable {
  /// Samples, with fraction; 20–160.
  var period: Float
  /// The normalised correlation at that lag, -1…1.
  var correlation: Float
  /// Change of the period per sample, -0.03…0.03; 0 where unknown.
  var slope: Float
}

/// Finds the pitch period by normalised correlation.
enum PitchSearch {
  private static var shortest: Int { @_noLocks get { 20 } }
  private static var longest: Int { @_noLocks get { 160 } }

  /// The pitch at the end of `count` samples, compared over `window` samples (over fewer, down to 50, where they run out).
  @_noLocks
  static func search(_ samples: UnsafePointer<Float>, count: Int, window: Int) -> Pitch {
    var best = Pitch(period: 80, correlation: 0, slope: 0)
    let limit = count &- 50 < longest ? count &- 50 : longest
    guard limit >= shortest else { return best }
    var bestLag = 0
    for lag in shortest...limit {
      let value = correlation(samples, count: count, lag: lag, window: window)
      if value > best.correlation {
        best.correlation = value
        bestLag = lag
      }
    }
    guard bestLag > 0 else { return best }
    let peak = best.correlation
    // A quarter, third or half of the lag, where nearly as good: the correlation peaks at multiples too.
    var divisor = 4
    search: while divisor >= 2 {
      let centre = bestLag / divisor
      if centre &- 2 >= shortest {
        var top: Float = 0
        var topLag = 0
        for lag in (centre &- 2)...(centre &+ 2) {
          let value = correlation(samples, count: count, lag: lag, window: window)
          if value > top {
            top = value
            topLag = lag
          }
        }
        if top > 0.92 * peak {
          bestLag = topLag
          best.correlation = top
          break search
        }
      }
      divisor = divisor &- 1
    }
    best.period = refined(samples, count: count, lag: bestLag, window: window, limit: limit)
    return best
  }

  /// How the period changes, from the period before the last; 0 where that is not clear.
  @_noLocks
  static func slope(_ samples: UnsafePointer<Float>, count: Int, window: Int, pitch: Pitch) -> Float {
    let period = Int(pitch.period + 0.5)
    let earlier = count &- period
    let longestLag = Int(pitch.period * 1.15)
    let shortestLag = Int(pitch.period * 0.85)
    guard shortestLag >= 1, longestLag > shortestLag, earlier &- window &- longestLag >= 0 else { return 0 }
    var top: Float = 0
    var topLag = 0
    for lag in shortestLag...longestLag {
      let value = correlation(samples, count: earlier, lag: lag, window: window)
      if value > top {
        top = value
        topLag = lag
      }
    }
    guard top > 0.6 else { return 0 }
    let slope = (pitch.period - Float(topLag)) / pitch.period / pitch.period
    return slope > 0.03 ? 0.03 : (slope < -0.03 ? -0.03 : slope)
  }

  @_noLocks
  private static func correlation(_ samples: UnsafePointer<Float>, count: Int, lag: Int, window: Int) -> Float {
    let room = count &- lag
    let width = window < room ? window : room
    guard width >= 50 else { return 0 }
    let end = samples + (count &- width)
    return Correlation.normalised(end, end - lag, width)
  }

  /// The lag of the parabola through the peak and its neighbours.
  @_noLocks
  private static func refined(_ samples: UnsafePointer<Float>, count: Int, lag: Int, window: Int, limit: Int) -> Float {
    guard lag > shortest, lag < limit else { return Float(lag) }
    let before = correlation(samples, count: count, lag: lag &- 1, window: window)
    let here = correlation(samples, count: count, lag: lag, window: window)
    let after = correlation(samples, count: count, lag: lag &+ 1, window: window)
    let curve = before - 2 * here + after
    guard curve < -1e-6 else { return Float(lag) }
    let offset = 0.5 * (before - after) / curve
    return Float(lag) + (offset > 0.5 ? 0.5 : (offset < -0.5 ? -0.5 : offset))
  }
}
