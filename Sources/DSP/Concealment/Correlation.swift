import RealTime

/// Sums of products over float samples, for pitch and prediction.
enum Correlation {
  /// Σ left[n]·right[n].
  @_noLocks
  static func dot(_ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, _ count: Int) -> Float {
    // Four sums, so that the additions do not wait for one another.
    var sum0: Float = 0
    var sum1: Float = 0
    var sum2: Float = 0
    var sum3: Float = 0
    var index = 0
    while index &+ 4 <= count {
      sum0 += left[index] * right[index]
      sum1 += left[index &+ 1] * right[index &+ 1]
      sum2 += left[index &+ 2] * right[index &+ 2]
      sum3 += left[index &+ 3] * right[index &+ 3]
      index = index &+ 4
    }
    while index < count {
      sum0 += left[index] * right[index]
      index = index &+ 1
    }
    return (sum0 + sum1) + (sum2 + sum3)
  }

  /// The correlation of two stretches, -1…1; 0 when either is silent.
  @_noLocks
  static func normalised(_ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, _ count: Int) -> Float {
    let energy = dot(left, left, count) * dot(right, right, count)
    guard energy > 1 else { return 0 }
    return dot(left, right, count) / RealTimeMath.squareRoot(energy)
  }
}
