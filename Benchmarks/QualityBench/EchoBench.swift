import AudioFile
import DSP
import Foundation

/// Every G.168 path under both laws: noise, speech, double talk, a change of path; ours and speexdsp.
struct EchoBench {
  let voices: [[Float]]
  let laws: [(String, G711)] = [("mu", G711(.mu)), ("a", G711(.a))]
  let workspace = EchoWorkspace()
  private static let rate = EchoScene.rate

  init(voices paths: [String]) throws {
    voices = try paths.map { try WAVReader.read(path: $0).map(Float.init) }
    guard !voices.isEmpty else { throw BenchError(description: "no voices given") }
  }

  func run() throws {
    for (lawName, law) in laws {
      var number = 0
      for path in 2...9 {
        for returnLoss in [Float(6), 10] {
          try all(law: law, name: lawName, path: path, returnLoss: returnLoss, number: number)
          number += 1
        }
      }
    }
  }

  private func all(law: G711, name: String, path: Int, returnLoss: Float, number: Int) throws {
    let taps = EchoScene.path(path, returnLoss: returnLoss)
    let other = EchoScene.path(2 + (path + 1) % 8, returnLoss: returnLoss == 6 ? 10 : 6)
    func judge(_ test: String, voice: Int, _ scene: EchoScene) throws {
      let ours = cancel(scene, workspace: workspace)
      let speex = cancelBySpeex(scene)
      for (canceller, result) in [("kakehashi", ours), ("speexdsp", speex)] {
        var run = EchoRun(test: test, canceller: canceller, law: name, path: path, returnLossDb: returnLoss, voice: voice)
        run.measure(scene, output: result.output)
        run.usPerFrame = result.seconds * 1e6 / (Double(scene.captured.count) / 160)
        try report(run)
      }
    }
    func coded(_ samples: [Float]) -> [Float] { samples.map { EchoScene.coded($0, law) } }
    func silence(_ count: Int) -> [Float] { [Float](repeating: 0, count: count) }
    func changed(_ played: [Float]) -> [Float] {
      let before = EchoScene.convolve(played, taps)
      let after = EchoScene.convolve(played, other)
      return played.indices.map { $0 < 4 * Self.rate ? before[$0] : after[$0] }
    }

    let noise = coded(EchoScene.noise(6 * Self.rate, level: -24, seed: UInt64(number + 1)))
    try judge("noise", voice: -1, EchoScene(played: noise, echo: EchoScene.convolve(noise, taps), near: silence(noise.count), law: law))
    try judge("noise, path change at 4 s", voice: -1, EchoScene(played: noise, echo: changed(noise), near: silence(noise.count), law: law))
    for voice in 0..<min(6, voices.count) {
      let count = 10 * Self.rate
      let far = coded(EchoScene.speech(voices[voice], count: count, level: -26, offset: number * 4_000))
      let echo = EchoScene.convolve(far, taps)
      try judge("speech", voice: voice, EchoScene(played: far, echo: echo, near: silence(count), law: law))
      try judge("speech, path change at 4 s", voice: voice, EchoScene(played: far, echo: changed(far), near: silence(count), law: law))
      let level = -26 + [Float(-10), -6, -3, 0, 3, 6][voice]
      var near = EchoScene.speech(voices[(voice + 3) % voices.count], count: count, level: level, offset: 9_000 + number * 3_000)
      for index in 0..<count where index < 4 * Self.rate || index >= 7 * Self.rate { near[index] = 0 }
      try judge("double talk from 4 to 7 s", voice: voice, EchoScene(played: far, echo: echo, near: near, law: law))
    }
  }
}
