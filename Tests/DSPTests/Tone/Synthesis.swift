import RealTime

/// Speech-like and music-like sound from a seed.
enum Synthesis {
  private static func sine(_ angle: Double) -> Double {
    Double(RealTimeMath.sine(Float(angle.truncatingRemainder(dividingBy: 2 * .pi))))
  }

  /// Syllables of 80–350 ms with gliding pitch (90–260 Hz), two formants and pauses; every fourth is a hiss.
  static func speech(seconds: Int, seed: UInt64) -> Sound {
    var generator = TrialGenerator(state: seed)
    var sound = Sound()
    while sound.samples.count < seconds * 8000 {
      let length = Int.random(in: 640...2800, using: &generator)
      let isHiss = Int.random(in: 0..<4, using: &generator) == 0
      let pitch = Double.random(in: 90...260, using: &generator)
      let glide = Double.random(in: -0.25...0.25, using: &generator)
      let formants = [
        Double.random(in: 280...750, using: &generator), Double.random(in: 900...2300, using: &generator),
        Double.random(in: 2400...3000, using: &generator),
      ]
      var resonators = formants.map { Resonator(frequency: $0, bandwidth: 60 + $0 / 15) }
      var phase = 0.0
      for index in 0..<length {
        let place = Double(index) / Double(length)
        let envelope = min(1, 8 * place) * min(1, 5 * (1 - place))
        phase += pitch * (1 + glide * place) / 8000
        var excitation = 0.05 * generator.noise()
        if isHiss {
          excitation = generator.noise()
        } else if phase >= 1 {
          phase -= 1
          excitation += 12
        }
        var value = 0.0
        for resonator in resonators.indices { value += resonators[resonator].filter(excitation) / Double(1 + resonator) }
        sound.samples.append(envelope * (isHiss ? 0.3 * excitation : value))
      }
      if Int.random(in: 0..<4, using: &generator) == 0 {
        sound = sound + .silence(Int.random(in: 60...700, using: &generator))
      }
    }
    return sound
  }

  /// A melody of decaying notes with harmonics over a bass and chords, some with vibrato, 70–180 beats a minute.
  static func music(seconds: Int, seed: UInt64) -> Sound {
    var generator = TrialGenerator(state: seed)
    var samples = [Double](repeating: 0, count: seconds * 8000)
    let scale = [0, 2, 4, 5, 7, 9, 11, 12, 14, 16]
    let beat = Double.random(in: 0.33...0.85, using: &generator)
    for voice in 0..<3 {
      var start = 0
      while start < samples.count {
        let length = Int(8000 * beat * [0.5, 1, 1, 2].randomElement(using: &generator).unsafelyUnwrapped)
        let note = scale.randomElement(using: &generator).unsafelyUnwrapped + [12, 0, -12][voice]
        let pitch = 261.63 * Double(RealTimeMath.power(2, Float(note) / 12))
        let vibrato = Bool.random(using: &generator) ? 0.006 : 0
        let decay = Double.random(in: 0.5...4, using: &generator)
        let harmonics = (1...6).map { _ in Double.random(in: 0.05...0.7, using: &generator) }
        var phase = 0.0
        for index in 0..<min(length, samples.count - start) {
          let time = Double(index) / 8000
          phase += pitch * (1 + vibrato * sine(2 * .pi * 5.5 * time)) / 8000
          let envelope = Double(RealTimeMath.exponential(Float(-decay * time))) * min(1, Double(index) / 80)
          var value = sine(2 * .pi * phase)
          for (order, weight) in harmonics.enumerated() where pitch * Double(order + 2) < 3600 {
            value += weight * sine(2 * .pi * phase * Double(order + 2))
          }
          samples[start + index] += envelope * value
        }
        start += length
      }
    }
    return Sound(samples: samples)
  }

  /// Two poles.
  private struct Resonator {
    private let first: Double
    private let second: Double
    private var previous = (0.0, 0.0)

    init(frequency: Double, bandwidth: Double) {
      let radius = Double(RealTimeMath.exponential(Float(-Double.pi * bandwidth / 8000)))
      first = 2 * radius * Double(RealTimeMath.cosine(Float(2 * Double.pi * frequency / 8000)))
      second = -radius * radius
    }

    mutating func filter(_ input: Double) -> Double {
      let output = input + first * previous.0 + second * previous.1
      previous = (output, previous.0)
      return output
    }
  }
}
