import DSP
import RealTime

/// A generator whose runs repeat (SplitMix64).
struct SeededNoise {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// 0 ..< 1.
  mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Of variance 1: twelve uniform values added.
  mutating func normal() -> Float {
    var sum = -6.0
    for _ in 0..<12 { sum += uniform() }
    return Float(sum)
  }
}

/// Noise and the trunk's coding laid over a frame.
struct LineNoise {
  private let deviation: Float
  private let coder = G711(.mu)
  private var generator: SeededNoise

  /// `dbm0` nil: none.
  init(dbm0: Float?, seed: UInt64) {
    deviation = dbm0.map { Level.meanSquare(dbm0: $0).squareRoot() } ?? 0
    generator = SeededNoise(seed: seed)
  }

  mutating func lay(over frame: inout AudioFrame) {
    for index in 0..<80 {
      let sample = Float(frame[index]) + (deviation > 0 ? deviation * generator.normal() : 0)
      frame[index] = coder.decode(coder.encode(RealTimeMath.sample(sample)))
    }
  }
}
