/// The short-term spectrum of the last 20 ms as a predictor of order 32.
enum LinearPrediction {
  static var order: Int { @_noLocks get { 32 } }

  /// Fits `coefficients` (33, the first 1) to the 160 samples before `end`; false when they are silent.
  ///
  /// The error filter is e[n] = Σ a[k]·x[n−k]. `whitening` is the share of white noise added for stability.
  @_noLocks
  static func fit(
    end: UnsafePointer<Float>, tables: ConcealmentTables, whitening: Float, coefficients: UnsafeMutablePointer<Float>
  ) -> Bool {
    let start = end - 160
    var windowed = InlineArray<160, Float>(repeating: 0)
    for index in 0..<160 { windowed[index] = start[index] * tables.analysis[index] }
    var autocorrelation = InlineArray<33, Float>(repeating: 0)
    withUnsafePointer(to: windowed) { whole in
      let samples = UnsafeRawPointer(whole).assumingMemoryBound(to: Float.self)
      for lag in 0...32 { autocorrelation[lag] = Correlation.dot(samples + lag, samples, 160 &- lag) * tables.lag[lag] }
    }
    autocorrelation[0] = autocorrelation[0] * (1 + whitening) + 1
    for index in 0...32 { coefficients[index] = 0 }
    coefficients[0] = 1
    guard autocorrelation[0] > 16 else { return false }

    // Levinson and Durbin.
    var error = autocorrelation[0]
    var previous = InlineArray<33, Float>(repeating: 0)
    for step in 1...32 {
      var sum = autocorrelation[step]
      for index in 1..<step { sum += coefficients[index] * autocorrelation[step &- index] }
      let reflection = 0 - sum / error
      for index in 1..<step { previous[index] = coefficients[index] }
      for index in 1..<step { coefficients[index] = previous[index] + reflection * previous[step &- index] }
      coefficients[step] = reflection
      error *= 1 - reflection * reflection
      guard error > 0 else { break }
    }
    return true
  }
}
