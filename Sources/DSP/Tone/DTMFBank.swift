private import Glibc

/// The tables of `DTMFListener`: a Hann window of 10 ms times cosine and sine of the eight frequencies of ITU-T Q.23.
///
/// A block is folded around its middle (the cosine is even, the sine is odd there), which halves the work. Lanes 0–3 are the low group,
/// 4–7 the high group, ascending.
final class DTMFBank: Sendable {
  static let shared = DTMFBank()

  static let frequencies: [Double] = [697, 770, 852, 941, 1209, 1336, 1477, 1633]

  /// 40 of window × cosine, then 40 of window × sine; sample `40 + n` and `39 - n` belong to entry `n`.
  ///
  /// Then how far each frequency turns in 10 ms: cosine, sine, and the cosine of the angle by which it may be off.
  nonisolated(unsafe) let table: UnsafeMutablePointer<SIMD8<Float>>
  /// 40 of window², for the energy that the window lets through.
  nonisolated(unsafe) let energyWindow: UnsafeMutablePointer<Float>
  /// Off by this share of itself a tone is still taken: Q.24 asks for 1.5 % at least, and none from 3.5 %.
  static let tolerance = 0.021

  private init() {
    table = .allocate(capacity: 83)
    energyWindow = .allocate(capacity: 40)
    var cosines = SIMD8<Float>()
    var sines = SIMD8<Float>()
    var limits = SIMD8<Float>()
    for sample in 0..<40 {
      let window = 0.5 + 0.5 * cos(2 * Double.pi * (Double(sample) + 0.5) / 80)
      var even = SIMD8<Float>()
      var odd = SIMD8<Float>()
      for (lane, frequency) in Self.frequencies.enumerated() {
        let angle = 2 * Double.pi * frequency / 8000 * (Double(sample) + 0.5)
        even[lane] = Float(window * cos(angle))
        odd[lane] = Float(window * sin(angle))
      }
      (table + sample).initialize(to: even)
      (table + 40 + sample).initialize(to: odd)
      (energyWindow + sample).initialize(to: Float(window * window))
    }
    for (lane, frequency) in Self.frequencies.enumerated() {
      let turn = 2 * Double.pi * frequency / 100
      cosines[lane] = Float(cos(turn))
      sines[lane] = Float(sin(turn))
      limits[lane] = Float(cos(turn * Self.tolerance))
    }
    (table + 80).initialize(to: cosines)
    (table + 81).initialize(to: sines)
    (table + 82).initialize(to: limits)
  }

  deinit {
    table.deallocate()
    energyWindow.deallocate()
  }
}
