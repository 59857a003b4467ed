import CSpanDSP
import DSP
import RealTime

/// The law of the line's codec, both ways.
enum EchoLaw: CaseIterable {
  case mu
  case a

  /// A sample after one round trip through the codec.
  func round(_ sample: Float) -> Float {
    let value = Int32(max(-32_768, min(32_767, sample.rounded())))
    return self == .mu ? Float(ulaw_to_linear(linear_to_ulaw(value))) : Float(alaw_to_linear(linear_to_alaw(value)))
  }
}

/// What takes echo out of frames of 80 samples: our canceller, or a reference beside it.
protocol EchoSubject {
  mutating func process(captured: [Int16], played: [Int16]) -> [Int16]
}

/// Ours.
final class OwnCanceller: EchoSubject {
  var canceller: EchoCanceller

  init(workspace: EchoWorkspace, suppresses: Bool = false) {
    canceller = EchoCanceller(workspace: workspace)
    canceller.suppresses = suppresses
  }

  func process(captured: [Int16], played: [Int16]) -> [Int16] {
    var frame = AudioFrame(captured)
    canceller.process(&frame, played: AudioFrame(played))
    return frame.array
  }
}

/// Signals at 8 kHz as floats of 16-bit size.
enum EchoSignal {
  /// One of the hybrids of ITU-T G.168 annex D (2 … 9 for D.2 … D.9) with an echo return loss in dB.
  static func hybrid(_ index: Int, returnLoss: Float) -> [Float] {
    var count: Int32 = 0
    var gain: Float = 0
    guard let taps = cspandsp_g168_hybrid(Int32(index), &count, &gain) else { return [] }
    let shape = UnsafeBufferPointer(start: taps, count: Int(count)).map { Float($0) }
    let energy = shape.reduce(Float(0)) { $0 + $1 * $1 }
    let scale = (RealTimeMath.power(10, 0 - returnLoss / 10) / energy).squareRoot()
    return shape.map { $0 * scale }
  }

  static func silence(_ count: Int) -> [Float] { [Float](repeating: 0, count: count) }

  private static func peak(of level: Float) -> Float { 32_124 * RealTimeMath.power(10, (level - 3.17) / 20) }

  /// Near-gaussian white noise of a level in dBm0.
  static func noise(_ count: Int, level: Float, seed: UInt64) -> [Float] {
    var state = seed
    func uniform() -> Float {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(Int32(truncatingIfNeeded: state >> 32)) / 2_147_483_648
    }
    let scale = peak(of: level) * Float(0.5).squareRoot()
    return (0..<count).map { _ in scale * (uniform() + uniform() + uniform()) }
  }

  /// Sines of Hz, each of a level in dBm0.
  static func tone(_ count: Int, _ frequencies: [Float], level: Float) -> [Float] {
    let peak = peak(of: level)
    return (0..<count).map { index in
      frequencies.reduce(0) { sum, frequency in
        let cycles = Double(frequency) * Double(index) / 8_000
        return sum + peak * RealTimeMath.sine(Float((cycles - cycles.rounded(.down)) * 2 * .pi))
      }
    }
  }

  /// A stretch of a voice, repeated as often as needed, its active level set in dBm0.
  static func speech(_ voice: [Float], _ count: Int, level: Float, offset: Int = 0) -> [Float] {
    let stretch = (0..<count).map { voice[($0 + offset) % voice.count] }
    let frames = stride(from: 0, to: count - 160, by: 160).map { start in
      stretch[start..<start + 160].reduce(Float(0)) { $0 + $1 * $1 } / 160
    }
    let loudest = frames.max() ?? 1
    let active = frames.filter { $0 > loudest / 300 }
    let meanSquare = active.reduce(0, +) / Float(max(active.count, 1))
    let peak = peak(of: level)
    let gain = (peak * peak / 2 / max(meanSquare, 1)).squareRoot()
    return stretch.map { $0 * gain }
  }

  /// What the path makes of a signal.
  static func convolve(_ signal: [Float], _ path: [Float], delay: Int = 0) -> [Float] {
    var output = silence(signal.count)
    signal.withUnsafeBufferPointer { signal in
      output.withUnsafeMutableBufferPointer { output in
        for (tap, weight) in path.enumerated() where tap + delay < signal.count {
          let shift = tap + delay
          for index in shift..<signal.count { output[index] += weight * signal[index - shift] }
        }
      }
    }
    return output
  }

  /// The same at another clock: `ppm` fast, by a windowed sinc of 32 taps; the last second is cut off.
  static func drifting(_ signal: [Float], ppm: Double) -> [Float] {
    var output = silence(signal.count)
    for index in 40..<(signal.count - 8_000) {
      let time = Double(index) * (1 - ppm * 1e-6)
      let whole = Int(time)
      let fraction = Float(time - Double(whole))
      var sum: Float = 0
      for tap in -15...16 where whole + tap >= 0 {
        let distance = (fraction - Float(tap)) * .pi
        let window = 0.5 + 0.5 * RealTimeMath.cosine(distance / 17)
        sum += signal[whole + tap] * (abs(distance) < 1e-6 ? 1 : RealTimeMath.sine(distance) / distance * window)
      }
      output[index] = sum
    }
    return output
  }
}

/// One run of a subject over a line with echo.
struct EchoTrial {
  /// What was left, the echo, what was captured, and the near end.
  private(set) var left: [Float]
  let echo: [Float]
  private(set) var captured: [Float]
  let near: [Float]

  /// `played` through the codec already; `echo` and `near` meet in the line and go through it together.
  init(_ subject: inout some EchoSubject, law: EchoLaw, played: [Float], echo: [Float], near: [Float]? = nil) {
    let near = near ?? EchoSignal.silence(played.count)
    captured = zip(echo, near).map { law.round($0 + $1) }
    left = captured
    self.echo = echo
    self.near = near
    for start in stride(from: 0, to: played.count - 79, by: 80) {
      let output = subject.process(
        captured: captured[start..<start + 80].map { Int16($0) }, played: played[start..<start + 80].map { Int16($0) })
      for index in 0..<80 { left[start + index] = Float(output[index]) }
    }
  }

  /// Echo return loss enhancement between two times (seconds), dB, and that of a perfect canceller under the same law.
  func enhancement(_ from: Double, _ to: Double) -> (reached: Float, ceiling: Float) {
    var echoes: Float = 1e-3
    var residuals: Float = 1e-3
    var roundings: Float = 1e-3
    for index in Int(from * 8_000)..<min(Int(to * 8_000), left.count) {
      let residual = left[index] - near[index]
      let rounding = captured[index] - echo[index] - near[index]
      echoes += echo[index] * echo[index]
      residuals += residual * residual
      roundings += rounding * rounding
    }
    return (RealTimeMath.decibels(powerRatio: echoes / residuals), RealTimeMath.decibels(powerRatio: echoes / roundings))
  }

  func gap(_ from: Double, _ to: Double) -> Float {
    let found = enhancement(from, to)
    return found.ceiling - found.reached
  }

  /// The longest time, ms, for which more echo is left than there was, in blocks with audible echo and no near end.
  var longestNegative: Int {
    var longest = 0
    var present = 0
    for start in stride(from: 0, to: left.count - 79, by: 80) {
      var echoes: Float = 0
      var residuals: Float = 0
      var nears: Float = 0
      for index in start..<start + 80 {
        echoes += echo[index] * echo[index]
        residuals += (left[index] - near[index]) * (left[index] - near[index])
        nears += near[index] * near[index]
      }
      present = nears < 80 * 100 && echoes > 80 * 2_500 && residuals > 1.12 * echoes ? present + 10 : 0
      longest = max(longest, present)
    }
    return longest
  }

  /// Blocks with near speech (above 100 of amplitude) that came out more than 6 dB lower than they went in, and all of them.
  func nearBlocksLowered() -> (lowered: Int, all: Int) {
    var lowered = 0
    var all = 0
    for start in stride(from: 0, to: left.count - 79, by: 80) {
      let nears = near[start..<start + 80].reduce(Float(0)) { $0 + $1 * $1 }
      guard nears > 80 * 10_000 else { continue }
      all += 1
      if left[start..<start + 80].reduce(Float(0), { $0 + $1 * $1 }) < nears / 4 { lowered += 1 }
    }
    return (lowered, all)
  }
}

/// Gaps to the ceiling of many runs.
struct EchoScore: CustomStringConvertible {
  private(set) var gaps: [Float] = []
  private(set) var reached: [Float] = []

  mutating func add(_ trial: EchoTrial, _ from: Double, _ to: Double) {
    let found = trial.enhancement(from, to)
    gaps.append(found.ceiling - found.reached)
    reached.append(found.reached)
  }

  var worst: Float { gaps.max() ?? 0 }

  var description: String {
    func tenths(_ value: Float) -> Float { (value * 10).rounded() / 10 }
    let gaps = gaps.sorted()
    let reached = reached.sorted()
    guard let least = reached.first, let most = gaps.last else { return "none" }
    return "ERLE worst \(tenths(least)) median \(tenths(reached[reached.count / 2])); gap to the ceiling worst \(tenths(most)) "
      + "p90 \(tenths(gaps[gaps.count * 9 / 10])) median \(tenths(gaps[gaps.count / 2]))"
  }
}
