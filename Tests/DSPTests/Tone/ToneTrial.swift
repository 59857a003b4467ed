import DSP
import Numbering
import RealTime

/// SplitMix64, so that a failing trial can be run again.
struct TrialGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// White noise of variance 1: twelve uniform values added.
  mutating func noise() -> Double {
    var sum = -6.0
    for _ in 0..<12 { sum += Double(next() >> 11) * 0x1p-53 }
    return sum
  }
}

/// Audio under test: samples at 8 kHz in 16-bit units.
struct Sound {
  var samples: [Double] = []

  static func silence(_ milliseconds: Int) -> Sound { Sound(samples: [Double](repeating: 0, count: milliseconds * 8)) }

  static func sine(_ frequency: Double, level: Float, milliseconds: Int) -> Sound {
    let peak = Double(Level.sinePeak(dbm0: level))
    return Sound(samples: (0..<milliseconds * 8).map { peak * sine(2 * .pi * frequency * Double($0) / 8000) })
  }

  private static func sine(_ angle: Double) -> Double {
    Double(RealTimeMath.sine(Float(angle.truncatingRemainder(dividingBy: 2 * .pi))))
  }

  static func tone(_ tone: ProgressTone, level: Float, milliseconds: Int) -> Sound {
    var generator = ToneGenerator(tones: [tone], level: level)
    generator.start(index: 0)
    var sound = Sound()
    var frame = AudioFrame()
    for _ in 0..<milliseconds / 10 {
      generator.render(into: &frame)
      sound.samples += frame.array.map { Double($0) }
    }
    return sound
  }

  static func digits(_ text: String, tone: Int = 80, pause: Int = 80, low: Float = -10, high: Float = -8) -> Sound {
    var generator = DTMFGenerator(capacity: 1000, lowLevel: low, highLevel: high, toneMilliseconds: tone, pauseMilliseconds: pause)
    generator.enqueue(digits: text)
    var sound = Sound()
    var frame = AudioFrame()
    while generator.render(into: &frame) { sound.samples += frame.array.map { Double($0) } }
    return sound
  }

  static func + (left: Sound, right: Sound) -> Sound { Sound(samples: left.samples + right.samples) }

  /// Adds white noise over 0–4 kHz.
  func withNoise(dbm0: Float?, seed: UInt64) -> Sound {
    guard let dbm0 else { return self }
    let deviation = Double(Level.meanSquare(dbm0: dbm0)).squareRoot()
    var generator = TrialGenerator(state: seed)
    return Sound(samples: samples.map { $0 + deviation * generator.noise() })
  }

  func scaled(toMeanLevel level: Float) -> Sound {
    let power = samples.reduce(0) { $0 + $1 * $1 } / Double(max(1, samples.count))
    guard power > 0 else { return self }
    let factor = (Double(Level.meanSquare(dbm0: level)) / power).squareRoot()
    return Sound(samples: samples.map { $0 * factor })
  }

  var frames: [AudioFrame] {
    stride(from: 0, to: samples.count - 79, by: 80).map { start in
      AudioFrame(samples[start..<start + 80].map { RealTimeMath.sample(Float($0)) })
    }
  }
}

/// An event and the millisecond at which it came out.
struct Heard: CustomStringConvertible {
  var milliseconds: Int
  var event: CallProgressEvent

  var description: String { "\(milliseconds) \(event)" }

  var tone: HeardTone? {
    if case .tone(let tone) = event { tone } else { nil }
  }
}

func listen(to sound: Sound, plan: CadencePlan, for kinds: ProgressToneSet) -> [Heard] {
  var detector = CallProgressDetector(plan: plan, listening: kinds)
  var heard: [Heard] = []
  var milliseconds = 0
  for frame in sound.frames {
    detector.process(frame)
    milliseconds += 10
    while let event = detector.nextEvent() { heard.append(Heard(milliseconds: milliseconds, event: event)) }
  }
  return heard
}

extension ProgressTone {
  func shifted(by hertz: Double) -> ProgressTone {
    var tone = self
    for segment in tone.cadence.segments.indices {
      for component in tone.cadence.segments[segment].components.indices {
        tone.cadence.segments[segment].components[component].frequency += hertz
      }
    }
    return tone
  }

  /// On and off times drawn apart: `on` and `off` in per cent.
  func stretched(on: Int, off: Int) -> ProgressTone {
    var tone = self
    for index in tone.cadence.segments.indices {
      let percent = tone.cadence.segments[index].isSilence ? off : on
      tone.cadence.segments[index].milliseconds = tone.cadence.segments[index].milliseconds.map { $0 * percent / 100 }
    }
    return tone
  }

  /// What a caller listens for when this may come.
  var expectation: ProgressToneSet { kind == .dialTone ? .beforeDialling : .afterDialling }

  /// The time by which it must have been found: two cycles, or 1 s of a continuous tone.
  var allowedMilliseconds: Int { cadence.isContinuous ? 1000 : 2 * (cadence.cycleMilliseconds ?? 0) }
}
