import Glibc

/// The coefficients of a fractional delay of 32 taps, for 128 positions between two samples; one table for all calls.
///
/// A sinc up to half the sample rate under a Kaiser window (β = 7): at a position in between, error is 100 dB below 1 kHz and
/// 69 dB below 3.4 kHz; at a whole sample it is that sample. Never freed.
package enum ResamplerKernel {
  package static var taps: Int { @_noLocks get { 32 } }
  /// Samples after the one in the middle: the delay, 2 ms.
  package static var lookAhead: Int { @_noLocks get { 16 } }
  static var positions: Int { @_noLocks get { 128 } }

  /// Rows of 32, `positions + 1` of them.
  nonisolated(unsafe) static let shared: UnsafePointer<Float> = makeTable()

  private static func makeTable() -> UnsafePointer<Float> {
    let table = UnsafeMutablePointer<Float>.allocate(capacity: (positions + 1) * taps)
    for position in 0...positions {
      let fraction = Double(position) / Double(positions)
      let row = (0..<taps).map { tap -> Double in
        let distance = Double(tap - (lookAhead - 1)) - fraction
        return sinc(distance) * window(distance / Double(lookAhead))
      }
      let sum = row.reduce(0, +)
      for tap in 0..<taps { table[position * taps + tap] = Float(row[tap] / sum) }
    }
    return UnsafePointer(table)
  }

  private static func sinc(_ distance: Double) -> Double {
    abs(distance) < 1e-12 ? 1 : sin(.pi * distance) / (.pi * distance)
  }

  /// Kaiser's window, 0 beyond ±1.
  private static func window(_ place: Double) -> Double {
    let inside = 1 - place * place
    guard inside > 0 else { return 0 }
    let beta = 7.0
    return bessel(beta * inside.squareRoot()) / bessel(beta)
  }

  /// The modified Bessel function of order 0.
  private static func bessel(_ value: Double) -> Double {
    var sum = 1.0
    var term = 1.0
    for index in 1..<40 {
      term *= (value / 2 / Double(index)) * (value / 2 / Double(index))
      sum += term
    }
    return sum
  }
}
