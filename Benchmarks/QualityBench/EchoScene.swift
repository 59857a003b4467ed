import CSpanDSP
import DSP
import Glibc

/// What is played into a line and what comes back, as 16-bit samples after the law.
struct EchoScene {
  static let rate = 8_000

  /// What the canceller is told was played.
  var played: [Float]
  /// The echo alone, before the law.
  var echo: [Float]
  /// What the near end says, before the law.
  var near: [Float]
  /// Echo and near end after the law: what is captured.
  var captured: [Float]

  init(played: [Float], echo: [Float], near: [Float], law: G711) {
    self.played = played
    self.echo = echo
    self.near = near
    captured = zip(echo, near).map { Self.coded($0 + $1, law) }
  }

  static func coded(_ sample: Float, _ law: G711) -> Float {
    Float(law.decode(law.encode(Int16(max(-32_768, min(32_767, sample.rounded()))))))
  }

  /// A G.168 path (D.2 … D.9) of that echo return loss.
  static func path(_ index: Int, returnLoss: Float) -> [Float] {
    var count: Int32 = 0
    var gain: Float = 0
    guard let taps = cspandsp_g168_hybrid(Int32(index), &count, &gain) else { return [] }
    let shape = UnsafeBufferPointer(start: taps, count: Int(count)).map { Float($0) }
    let energy = shape.reduce(Float(0)) { $0 + $1 * $1 }
    let scale = (powf(10, -returnLoss / 10) / energy).squareRoot()
    return shape.map { $0 * scale }
  }

  static func convolve(_ samples: [Float], _ path: [Float], delay: Int = 0) -> [Float] {
    var result = [Float](repeating: 0, count: samples.count)
    for (tap, weight) in path.enumerated() where tap + delay < samples.count {
      let shift = tap + delay
      for index in shift..<samples.count { result[index] += weight * samples[index - shift] }
    }
    return result
  }

  /// White noise of about normal distribution.
  static func noise(_ count: Int, level: Float, seed: UInt64) -> [Float] {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    let deviation = Float(32_124 / 2.0.squareRoot()) * powf(10, (level - 3.17) / 20)
    return (0..<count).map { _ in
      var sum: Float = 0
      for _ in 0..<3 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        sum += Float(Int32(truncatingIfNeeded: state >> 32)) / 2_147_483_648
      }
      return sum * deviation
    }
  }

  /// `count` samples of a voice from `offset` on, at that level while it speaks.
  static func speech(_ voice: [Float], count: Int, level: Float, offset: Int) -> [Float] {
    let samples = (0..<count).map { voice[($0 + offset) % voice.count] }
    let powers = stride(from: 0, to: count - 160, by: 160).map { start in
      samples[start..<start + 160].reduce(Float(0)) { $0 + $1 * $1 } / 160
    }
    let active = powers.filter { $0 > 2_500 }
    guard !active.isEmpty else { return samples }
    let wanted = Float(32_124) * 32_124 / 2 * powf(10, (level - 3.17) / 10)
    let gain = (wanted / (active.reduce(0, +) / Float(active.count))).squareRoot()
    return samples.map { $0 * gain }
  }
}
