private import CLinux

/// The inner loops that dominate the cost of a call, for the vectors that the processor at hand has; results are the same on all.
package enum RealTimeKernels {
  /// `output[i]` = Σ `weights[t]` · `source[i − t]` for `count` samples.
  @_noLocks
  package static func convolve(
    weights: UnsafePointer<Float>, taps: Int, source: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>, count: Int
  ) {
    clinux_convolve(weights, Int32(truncatingIfNeeded: taps), source, output, Int32(truncatingIfNeeded: count))
  }

  /// Samples between samples by 32 taps, as far as `count` reaches; `position` and `step` are 32.32 fixed point.
  ///
  /// How many were made, at most `most`.
  @_noLocks
  package static func resample(
    _ samples: UnsafePointer<Float>, count: Int, into output: UnsafeMutablePointer<Int16>, most: Int, position: Int64, step: Int64,
    kernel: UnsafePointer<Float>
  ) -> Int {
    Int(clinux_resample(samples, Int32(truncatingIfNeeded: count), output, Int32(truncatingIfNeeded: most), position, step, kernel))
  }

  /// Eight bins for each of `pairs`: a folded block (40 sums, 40 differences) against 40 rows of cosine and 40 of sine.
  @_noLocks
  package static func toneBank(
    _ folded: UnsafePointer<Float>, table: UnsafePointer<Float>, pairs: Int, real: UnsafeMutablePointer<Float>,
    imaginary: UnsafeMutablePointer<Float>
  ) {
    clinux_tone_bank(folded, table, Int32(truncatingIfNeeded: pairs), real, imaginary)
  }

  /// The sum of the squares of `count` samples.
  @_noLocks
  package static func energy(_ samples: UnsafePointer<Int16>, count: Int) -> Float {
    Float(clinux_energy(samples, Int32(truncatingIfNeeded: count)))
  }
}
