import CSpeexDSP
import DSP
import Foundation
import RealTime

/// A scene through an echo canceller: energies of echo and of what is left, each 50 ms.
struct EchoRun: Encodable {
  var test: String
  var canceller: String
  var law: String
  var path: Int
  var returnLossDb: Float
  var voice: Int
  /// Energy of the echo, of what is left of it, and of what a perfect canceller leaves (the law's own noise).
  var echo: [Float] = []
  var left: [Float] = []
  var ceiling: [Float] = []
  /// The longest time in which more came out than the echo was, ms, while the near end was silent.
  var longestNegativeMs = 0
  var usPerFrame = 0.0

  static let step = 400

  mutating func measure(_ scene: EchoScene, output: [Float]) {
    var negative = 0
    for start in stride(from: 0, to: output.count - Self.step + 1, by: Self.step) {
      var sums = (echo: Float(0), left: Float(0), ceiling: Float(0))
      for index in start..<start + Self.step {
        let residue = output[index] - scene.near[index]
        let best = scene.captured[index] - scene.echo[index] - scene.near[index]
        sums.echo += scene.echo[index] * scene.echo[index]
        sums.left += residue * residue
        sums.ceiling += best * best
      }
      echo.append(sums.echo.rounded())
      left.append(sums.left.rounded())
      ceiling.append(sums.ceiling.rounded())
    }
    for start in stride(from: 0, to: output.count - 79, by: 80) {
      var sums = (echo: Float(0), left: Float(0), near: Float(0))
      for index in start..<start + 80 {
        let residue = output[index] - scene.near[index]
        sums.echo += scene.echo[index] * scene.echo[index]
        sums.left += residue * residue
        sums.near += scene.near[index] * scene.near[index]
      }
      if sums.near < 8_000, sums.echo > 200_000, sums.left > 1.12 * sums.echo { negative += 10 } else { negative = 0 }
      longestNegativeMs = max(longestNegativeMs, negative)
    }
  }
}

/// Ours, without its suppressor.
func cancel(_ scene: EchoScene, workspace: EchoWorkspace) -> (output: [Float], seconds: Double) {
  var canceller = EchoCanceller(workspace: workspace)
  canceller.suppresses = false
  var output = [Float](repeating: 0, count: scene.captured.count)
  var frame = AudioFrame()
  var played = AudioFrame()
  let began = processorSeconds()
  for start in stride(from: 0, to: output.count - 79, by: 80) {
    for index in 0..<80 {
      frame[index] = Int16(scene.captured[start + index])
      played[index] = Int16(scene.played[start + index])
    }
    canceller.process(&frame, played: played)
    for index in 0..<80 { output[start + index] = Float(frame[index]) }
  }
  return (output, processorSeconds() - began)
}

/// speexdsp's MDF canceller, 160 samples a frame and 256 taps, as people use it.
func cancelBySpeex(_ scene: EchoScene) -> (output: [Float], seconds: Double) {
  guard let state = speex_echo_state_init(160, 256) else { return ([], 0) }
  defer { speex_echo_state_destroy(state) }
  var rate: Int32 = 8_000
  speex_echo_ctl(state, SPEEX_ECHO_SET_SAMPLING_RATE, &rate)
  var output = [Float](repeating: 0, count: scene.captured.count)
  var result = [Int16](repeating: 0, count: 160)
  let began = processorSeconds()
  for start in stride(from: 0, to: output.count - 159, by: 160) {
    let captured = scene.captured[start..<start + 160].map { Int16($0) }
    let played = scene.played[start..<start + 160].map { Int16($0) }
    speex_echo_cancellation(state, captured, played, &result)
    for index in 0..<160 { output[start + index] = Float(result[index]) }
  }
  return (output, processorSeconds() - began)
}
