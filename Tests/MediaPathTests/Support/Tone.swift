import Foundation
import RealTime

/// Test signals and their measurement.
enum Tone {
  /// A sine of `frequency` Hz with this peak, from sample `start` on.
  static func frame(_ frequency: Double, peak: Double = 8_000, from start: Int) -> AudioFrame {
    AudioFrame((0..<80).map { Int16(peak * sin(2 * .pi * frequency * Double(start + $0) / 8_000)) })
  }

  /// The peak of the sine of `frequency` Hz in the samples.
  static func peak(_ frequency: Double, in samples: some Collection<Int16>) -> Double {
    var real = 0.0
    var imaginary = 0.0
    for (index, sample) in samples.enumerated() {
      let angle = 2 * .pi * frequency * Double(index) / 8_000
      real += Double(sample) * cos(angle)
      imaginary += Double(sample) * sin(angle)
    }
    return samples.isEmpty ? 0 : 2 * (real * real + imaginary * imaginary).squareRoot() / Double(samples.count)
  }

  static func rootMeanSquare(_ samples: some Collection<Int16>) -> Double {
    samples.isEmpty ? 0 : (samples.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(samples.count)).squareRoot()
  }
}
