import DSP
import Glibc

/// dBm0 of all samples together.
func level(_ samples: some Collection<Int16>) -> Double {
  guard !samples.isEmpty else { return -96 }
  let energy = samples.reduce(0.0) { $0 + Double($1) * Double($1) }
  return Double(Level.dbm0(meanSquare: Float(energy / Double(samples.count))))
}

/// dBm0 of the sine of this frequency within the samples.
func toneLevel(_ samples: some Collection<Int16>, at frequency: Double) -> Double {
  guard !samples.isEmpty else { return -96 }
  let step = 2 * Double.pi * frequency / 8_000
  var real = 0.0
  var imaginary = 0.0
  for (index, sample) in samples.enumerated() {
    real += Double(sample) * cos(step * Double(index))
    imaginary += Double(sample) * sin(step * Double(index))
  }
  let count = Double(samples.count)
  let peakSquared = 4 * (real * real + imaginary * imaginary) / (count * count)
  return Double(Level.dbm0(meanSquare: Float(peakSquared / 2)))
}

/// Lengths in ms of sound and silence in turn, from the first sound on; the last one is cut off.
func cadence(_ samples: [Int16], threshold: Double = -40) -> [Int] {
  var lengths: [Int] = []
  var isSounding = false
  var length = 0
  for start in stride(from: 0, to: samples.count - 79, by: 80) {
    let sounds = level(samples[start..<(start + 80)]) > threshold
    if sounds != isSounding {
      if isSounding || !lengths.isEmpty { lengths.append(length) }
      isSounding = sounds
      length = 0
    }
    length += 10
  }
  return lengths.isEmpty && isSounding ? [length] : lengths
}

/// White noise between ±amplitude, the same for the same seed.
func whiteNoise(count: Int, amplitude: Int16, seed: UInt64 = 7) -> [Int16] {
  var state = seed
  return (0..<count).map { _ in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int16(truncatingIfNeeded: Int(state >> 33) % (2 * Int(amplitude) + 1) - Int(amplitude))
  }
}

func sine(_ frequency: Double, count: Int, dbm0: Float) -> [Int16] {
  let peak = Double(Level.sinePeak(dbm0: dbm0))
  return (0..<count).map { Int16((peak * sin(2 * Double.pi * frequency * Double($0) / 8_000)).rounded()) }
}
