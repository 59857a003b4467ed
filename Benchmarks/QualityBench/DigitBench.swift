import AudioFile
import DSP
import Numbering
import RealTime

/// Digits in a line's audio: how many are heard, and how many are heard that nobody pressed.
struct DigitBench {
  struct Row: Encodable {
    var test = "digits"
    var toneMs: Int
    var pauseMs: Int
    var lowDbm0: Float
    var highDbm0: Float
    var noiseDbm0: Float?
    var sent: Int
    var right: Int
    var missed: Int
    var wrong: Int
    /// From the start of a tone to the event, ms.
    var delayMsMedian: Double
    var delayMsP99: Double
  }

  struct TalkOff: Encodable {
    var test = "talk-off"
    var files = 0
    var hours = 0.0
    var levelDbm0: Float
    var falseDigits = 0
    var byFile: [String: Int] = [:]
  }

  static let digits = 400

  func run() throws {
    for (tone, pause) in [(80, 80), (50, 50), (40, 40)] {
      for (low, high, noise) in [
        (Float(-10), Float(-8), Float?.none), (-22, -20, -60), (-35, -33, -65), (-10, -8, -26), (-8, -15, -50), (-12, -9, -50),
      ] {
        try report(row(tone: tone, pause: pause, low: low, high: high, noise: noise))
      }
    }
  }

  private func row(tone: Int, pause: Int, low: Float, high: Float, noise: Float?) -> Row {
    var random = SeededNoise(seed: UInt64(tone * 1_000 + Int(-low * 10)))
    var generator = DTMFGenerator(capacity: 4, lowLevel: low, highLevel: high, toneMilliseconds: tone, pauseMilliseconds: pause)
    var line = LineNoise(dbm0: noise, seed: random.next())
    var ear = DTMFListener(limits: .standard)
    var result = Row(
      toneMs: tone, pauseMs: pause, lowDbm0: low, highDbm0: high, noiseDbm0: noise, sent: Self.digits, right: 0, missed: 0, wrong: 0,
      delayMsMedian: 0, delayMsP99: 0)
    var delays: [Double] = []
    // One digit at a time, each at a phase of its own against the frames.
    for _ in 0..<Self.digits {
      guard let digit = DTMFDigit(rawValue: UInt8(random.next() % 16)) else { continue }
      let lead = Int(random.next() % 80)
      var samples = [Int16](repeating: 0, count: lead)
      generator.enqueue(digit)
      var frame = AudioFrame()
      for _ in 0..<(tone + pause) / 10 {
        frame = AudioFrame()
        _ = generator.render(into: &frame)
        samples += frame.array
      }
      samples += [Int16](repeating: 0, count: 80 - lead)
      var heard: [(digit: DTMFDigit, milliseconds: Double)] = []
      for start in stride(from: 0, to: samples.count, by: 80) {
        frame = AudioFrame(samples[start..<start + 80])
        line.lay(over: &frame)
        ear.process(frame)
        while let event = ear.nextEvent() {
          if case .began(let digit, _) = event { heard.append((digit, Double(start + 80 - lead) / 8)) }
        }
      }
      let mine = heard.filter { $0.digit == digit }
      if let first = mine.first {
        result.right += 1
        delays.append(first.milliseconds)
      } else {
        result.missed += 1
      }
      result.wrong += heard.count - min(1, mine.count)
    }
    delays.sort()
    result.delayMsMedian = delays.isEmpty ? 0 : delays[delays.count / 2]
    result.delayMsP99 = delays.isEmpty ? 0 : delays[delays.count * 99 / 100]
    return result
  }

  /// Speech of people, at three levels: no digit is in it.
  func talkOff(paths: [String]) throws {
    for level in [Float(-10), -18, -26] {
      var result = TalkOff(levelDbm0: level)
      for path in paths {
        let samples = try WAVReader.read(path: path)
        let count = listen(to: samples, level: level)
        result.files += 1
        result.hours += Double(samples.count) / 8_000 / 3_600
        result.falseDigits += count
        if count > 0 { result.byFile[path] = count }
      }
      try report(result)
    }
  }

  private func listen(to samples: [Int16], level: Float) -> Int {
    let active = samples.filter { abs(Int32($0)) > 100 }
    guard !active.isEmpty else { return 0 }
    let power = active.reduce(Float(0)) { $0 + Float($1) * Float($1) } / Float(active.count)
    let gain = (Level.meanSquare(dbm0: level) / power).squareRoot()
    var ear = DTMFListener(limits: .standard)
    var line = LineNoise(dbm0: -65, seed: 1)
    var count = 0
    for start in stride(from: 0, to: samples.count - 79, by: 80) {
      var frame = AudioFrame()
      for index in 0..<80 { frame[index] = RealTimeMath.sample(Float(samples[start + index]) * gain) }
      line.lay(over: &frame)
      ear.process(frame)
      while let event = ear.nextEvent() { if case .began = event { count += 1 } }
    }
    return count
  }
}
