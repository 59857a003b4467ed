/// Evenly spread noise from a linear congruential generator.
struct NoiseSource: BitwiseCopyable {
  private var state: UInt32 = 0x6B43_A9B5

  init() {}

  /// The next sample, within ±`peak`.
  @_noLocks
  mutating func next(peak: Float) -> Int16 {
    state = state &* 1_664_525 &+ 1_013_904_223
    guard peak >= 1 else { return 0 }
    let bounded: Float = peak > 16_000 ? 16_000 : peak
    // -1…1 in 65,536 steps.
    let unit = Float(Int32(bitPattern: state) >> 16) / 32_768
    return Int16(unit * bounded)
  }
}
