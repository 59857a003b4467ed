import DSP

/// White, nearly Gaussian noise from a seed (xorshift64*): the sum of four uniform values out of each 64-bit number.
struct NoiseGenerator: Sendable {
  private var state: UInt64
  private let scale: Float

  /// Nil level: silence.
  init(seed: UInt64, dbm0 level: Double?) {
    // A mixed seed: neighbouring seeds must not give related sequences, and zero is xorshift's fixed point.
    var mixed = seed &+ 0x9E37_79B9_7F4A_7C15
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    state = (mixed ^ (mixed >> 31)) | 1
    guard let level, level > -95 else {
      scale = 0
      return
    }
    // Four uniform values of 16 bits: variance 4 · 65536² / 12.
    let deviation = Float(65_536) * Float(4.0 / 12.0).squareRoot()
    scale = Level.meanSquare(dbm0: Float(level)).squareRoot() / deviation
  }

  var isSilent: Bool { scale == 0 }

  /// The next sample, 16-bit scale.
  mutating func next() -> Float {
    state ^= state >> 12
    state ^= state << 25
    state ^= state >> 27
    let bits = state &* 0x2545_F491_4F6C_DD1D
    let sum =
      Int32(truncatingIfNeeded: bits & 0xFFFF) &+ Int32(truncatingIfNeeded: (bits >> 16) & 0xFFFF)
      &+ Int32(truncatingIfNeeded: (bits >> 32) & 0xFFFF) &+ Int32(truncatingIfNeeded: bits >> 48)
    return Float(sum &- 131_070) * scale
  }
}
