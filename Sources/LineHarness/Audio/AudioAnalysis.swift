import DSP
import Foundation
import RealTime

/// Signals for tests, and what was heard of them; 8 kHz, 16 bits, levels in dBm0.
package enum AudioAnalysis {
  /// A sine.
  package static func tone(_ frequency: Double, dbm0 level: Double, milliseconds: Int) -> [Int16] {
    (0..<milliseconds * 8).map { sine(frequency, dbm0: level, at: $0) }
  }

  /// Digits as tones of 80 ms with 80 ms after each.
  package static func keyed(_ digits: String) -> [Int16] {
    var generator = DTMFGenerator(capacity: digits.utf8.count)
    generator.enqueue(digits: digits)
    var samples: [Int16] = []
    var frame = AudioFrame()
    while generator.render(into: &frame) {
      samples += frame.array
      frame = AudioFrame()
    }
    return samples
  }

  static func sine(_ frequency: Double, dbm0 level: Double, at sample: Int) -> Int16 {
    Int16(Double(Level.sinePeak(dbm0: Float(level))) * sin(2 * .pi * frequency * Double(sample) / 8_000))
  }

  /// Level of everything in the samples, dBm0; -96 for none.
  package static func level(_ samples: some Collection<Int16>) -> Double {
    let power = samples.reduce(0.0) { $0 + Double($1) * Double($1) }
    return samples.isEmpty ? -96 : Double(Level.dbm0(meanSquare: Float(power / Double(samples.count))))
  }

  /// Level of a sine of this frequency within the samples, dBm0 (a Goertzel filter as wide as the samples are short).
  package static func level(of frequency: Double, in samples: some Collection<Int16>) -> Double {
    guard !samples.isEmpty else { return -96 }
    var real = 0.0
    var imaginary = 0.0
    for (index, sample) in samples.enumerated() {
      let angle = 2 * .pi * frequency * Double(index) / 8_000
      real += Double(sample) * cos(angle)
      imaginary += Double(sample) * sin(angle)
    }
    let peak = 2 * (real * real + imaginary * imaginary).squareRoot() / Double(samples.count)
    return Double(Level.dbm0(meanSquare: Float(peak * peak / 2)))
  }

  /// The frequency of the strongest sine, Hz, on a grid of 1 Hz from 100 to 3,600; nil where all is silence.
  package static func strongestFrequency(_ samples: [Int16]) -> Double? {
    guard level(samples) > -60 else { return nil }
    return stride(from: 100.0, through: 3_600, by: 1).max { level(of: $0, in: samples) < level(of: $1, in: samples) }
  }

  /// The first sample that is louder than a sine's peak at this level; nil: none is.
  package static func onset(_ samples: some Collection<Int16>, above level: Double = -30) -> Int? {
    let threshold = Int(Level.sinePeak(dbm0: Float(level)))
    return samples.enumerated().first { abs(Int($0.element)) > threshold }?.offset
  }
}
