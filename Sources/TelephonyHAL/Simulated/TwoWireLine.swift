import DSP
import Glibc
package import RealTime

//   gateway                        two wires                              exchange, trunk
//
//   played ──▶ bulk delay ──┬──────▶ loss ──▶ (+) ──────▶ G.711 ──────▶ heard by the far end
//                           │                  ▲ noise
//                           ▼ hybrid
//   captured ◀───────────── (+) ◀── (+) ◀───── loss ◀──── G.711 ◀────── sent by the far end
//                                    ▲ noise

/// The audio of one subscriber line, 10 ms at a time.
///
/// `transmit` first, then `receive`: the echo of what was transmitted is in what is received.
package final class TwoWireLine {
  private let loss: Float
  private let coding: TrunkCoding
  private var noiseOut: NoiseGenerator
  private var noiseIn: NoiseGenerator

  private let taps: UnsafeMutableBufferPointer<Float>
  /// The last `taps.count - 1` samples sent into the hybrid, then the 80 of this step.
  private let history: UnsafeMutableBufferPointer<Float>
  private let echo: UnsafeMutableBufferPointer<Float>
  /// Samples on their way through the device, oldest at `bulkPosition`.
  private let bulk: UnsafeMutableBufferPointer<Int16>
  private var bulkPosition = 0
  /// Steps of silence until the echo path has rung out; 0: it need not be computed.
  private var stepsOfEcho = 0

  private static let frame = AudioFormat.samplesPerFrame

  package init(settings: SimulatorConfiguration.Line, coding: TrunkCoding, seed: UInt64) {
    loss = Float(Self.powerRatio(decibels: -settings.lossDecibels).squareRoot())
    self.coding = coding
    noiseOut = NoiseGenerator(seed: seed &* 2, dbm0: settings.noiseDBm0)
    noiseIn = NoiseGenerator(seed: seed &* 2 &+ 1, dbm0: settings.noiseDBm0)
    let response = settings.hybrid?.impulseResponse(echoReturnLoss: settings.echoReturnLossDecibels) ?? []
    taps = .allocate(capacity: max(response.count, 1))
    taps.initialize(repeating: 0)
    for (index, tap) in response.enumerated() { taps[index] = tap }
    history = .allocate(capacity: taps.count - 1 + Self.frame)
    history.initialize(repeating: 0)
    echo = .allocate(capacity: Self.frame)
    echo.initialize(repeating: 0)
    bulk = .allocate(capacity: min(max(settings.bulkDelayMilliseconds, 0), 1_000) * AudioFormat.samplesPerMillisecond)
    bulk.initialize(repeating: 0)
  }

  deinit {
    taps.deallocate()
    history.deallocate()
    echo.deallocate()
    bulk.deallocate()
  }

  package static func powerRatio(decibels: Double) -> Double { pow(10, decibels / 10) }

  /// Takes what the gateway plays; returns what the far end hears.
  package func transmit(_ played: AudioFrame) -> AudioFrame {
    var sent = played
    delay(&sent)
    reflect(sent)
    var heard = AudioFrame()
    if noiseOut.isSilent {
      for index in 0..<Self.frame { heard[index] = coding.coded(loss == 1 ? sent[index] : RealTimeMath.sample(Float(sent[index]) * loss)) }
    } else {
      for index in 0..<Self.frame { heard[index] = coding.coded(RealTimeMath.sample(Float(sent[index]) * loss + noiseOut.next())) }
    }
    return heard
  }

  /// Takes what the far end sends; returns what the gateway captures.
  package func receive(_ sent: AudioFrame) -> AudioFrame {
    var captured = AudioFrame()
    for index in 0..<Self.frame {
      var sample = Float(coding.coded(sent[index])) * loss + echo[index]
      if !noiseIn.isSilent { sample += noiseIn.next() }
      captured[index] = RealTimeMath.sample(sample)
    }
    return captured
  }

  /// Forgets what is on the way: the loop was opened.
  package func reset() {
    history.update(repeating: 0)
    echo.update(repeating: 0)
    bulk.update(repeating: 0)
    stepsOfEcho = 0
  }

  private func delay(_ frame: inout AudioFrame) {
    guard bulk.count > 0 else { return }
    for index in 0..<Self.frame {
      let delayed = bulk[bulkPosition]
      bulk[bulkPosition] = frame[index]
      frame[index] = delayed
      bulkPosition = bulkPosition + 1 == bulk.count ? 0 : bulkPosition + 1
    }
  }

  /// Convolves with the hybrid's impulse response into `echo`.
  private func reflect(_ sent: AudioFrame) {
    guard taps.count > 1 else { return }
    let kept = taps.count - 1
    guard let start = history.baseAddress, let output = echo.baseAddress else { return }
    memmove(start, start + Self.frame, kept * MemoryLayout<Float>.stride)
    var isSilent = true
    for index in 0..<Self.frame {
      let sample = sent[index]
      if sample != 0 { isSilent = false }
      start[kept + index] = Float(sample)
    }
    echo.update(repeating: 0)
    stepsOfEcho = isSilent ? max(stepsOfEcho - 1, 0) : kept / Self.frame + 2
    guard stepsOfEcho > 0 else { return }
    for tap in 0..<taps.count {
      let coefficient = taps[tap]
      let source = start + (kept - tap)
      for index in 0..<Self.frame { output[index] += coefficient * source[index] }
    }
  }
}
