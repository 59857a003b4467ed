import DSP
import Foundation

/// Sound with the statistics of speech that no file is needed for: syllables of voice through three formants, hiss, and pauses.
///
/// Seeded, so that each run hears the same.
enum SpeechLikeSignal {
  /// `seconds` at 8 kHz, about -16 dBm0 while it sounds, over noise of -62 dBm0; two fifths are pauses.
  static func samples(seconds: Int, seed: UInt64) -> [Int16] {
    var random = Generator(state: seed)
    var samples: [Int16] = []
    samples.reserveCapacity(seconds * 8_000)
    while samples.count < seconds * 8_000 {
      let syllables = 2 + Int(random.next() * 5)
      for _ in 0..<syllables { appendSyllable(&samples, &random) }
      let pause = Int(8_000 * (0.3 + 0.7 * random.next()))
      for _ in 0..<pause { samples.append(Int16(22 * (random.next() + random.next() - 1))) }
    }
    return Array(samples.prefix(seconds * 8_000))
  }

  private static func appendSyllable(_ samples: inout [Int16], _ random: inout Generator) {
    let length = Int(8_000 * (0.12 + 0.18 * random.next()))
    let isHiss = random.next() < 0.2
    let pitch = 90 + 130 * random.next()
    var formants = [
      Resonator(frequency: 300 + 500 * random.next(), width: 80), Resonator(frequency: 900 + 1_100 * random.next(), width: 110),
      Resonator(frequency: 2_300 + 700 * random.next(), width: 160),
    ]
    var phase = 0.0
    for index in 0..<length {
      let place = Double(index) / Double(length)
      let envelope = sin(.pi * place)
      phase += pitch * (1.1 - 0.2 * place) / 8_000
      var drive = isHiss ? 0.3 * (random.next() - 0.5) : 0.02 * (random.next() - 0.5)
      if phase >= 1 {
        phase -= 1
        if !isHiss { drive += 1 }
      }
      var sum = 0.0
      for formant in formants.indices { sum += formants[formant].step(drive) / Double(formant + 1) }
      let value = 9_000 * envelope * sum + 22 * (random.next() + random.next() - 1)
      samples.append(Int16(max(-32_000, min(32_000, value))))
    }
  }

  private struct Resonator {
    private let a1: Double
    private let a2: Double
    private let gain: Double
    private var y1 = 0.0
    private var y2 = 0.0

    init(frequency: Double, width: Double) {
      let radius = exp(-.pi * width / 8_000)
      a1 = 2 * radius * cos(2 * .pi * frequency / 8_000)
      a2 = -radius * radius
      gain = 1 - radius
    }

    mutating func step(_ input: Double) -> Double {
      let output = gain * 6 * input + a1 * y1 + a2 * y2
      y2 = y1
      y1 = output
      return output
    }
  }

  private struct Generator {
    var state: UInt64

    /// 0 … 1.
    mutating func next() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 33) / Double(1 << 31)
    }
  }
}
