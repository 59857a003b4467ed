private import Glibc

/// A sine as a turning phasor: four multiplications a sample, no table.
struct Oscillator: BitwiseCopyable {
  private let stepCosine: Double
  private let stepSine: Double
  private var cosine = 1.0
  private var sine = 0.0

  /// - Parameter frequency: Hz, at 8 kHz.
  init(frequency: Double) {
    let step = 2 * Double.pi * frequency / 8000
    stepCosine = cos(step)
    stepSine = sin(step)
  }

  /// Back to phase 0.
  @_noLocks
  mutating func restart() {
    cosine = 1
    sine = 0
  }

  /// The sine now, and a step ahead.
  @_noLocks
  mutating func next() -> Double {
    let value = sine
    sine = value * stepCosine + cosine * stepSine
    cosine = cosine * stepCosine - value * stepSine
    return value
  }

  /// Holds the amplitude at 1 against rounding; once a frame is more than enough.
  @_noLocks
  mutating func normalise() {
    let correction = 1.5 - 0.5 * (cosine * cosine + sine * sine)
    cosine *= correction
    sine *= correction
  }
}
