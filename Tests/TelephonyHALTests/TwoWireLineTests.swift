import DSP
import Numbering
import RealTime
import TelephonyHAL
import Testing

@Suite struct TwoWireLineTests {
  typealias Line = SimulatorConfiguration.Line

  private func run(_ settings: Line, out: [Int16], back: [Int16], country: Country = .japan) -> (heard: [Int16], captured: [Int16]) {
    let line = TwoWireLine(settings: settings, coding: TrunkCoding(country: country), seed: 1)
    var heard: [Int16] = []
    var captured: [Int16] = []
    for start in stride(from: 0, to: max(out.count, back.count), by: 80) {
      heard += line.transmit(AudioFrame(out.dropFirst(start))).array
      captured += line.receive(AudioFrame(back.dropFirst(start))).array
    }
    return (heard, captured)
  }

  @Test(arguments: HybridModel.allCases, [6.0, 12, 24])
  func echoReturnLossIsAsConfigured(hybrid: HybridModel, returnLoss: Double) {
    let noise = whiteNoise(count: 80_000, amplitude: 8_000)
    let settings = Line(echoReturnLossDecibels: returnLoss, hybrid: hybrid, noiseDBm0: nil, lossDecibels: 6)
    let (_, captured) = run(settings, out: noise, back: [])
    #expect(abs(level(noise) - level(captured) - returnLoss) < 0.3)
  }

  @Test func withoutAHybridThereIsNoEcho() {
    let (_, captured) = run(.transparent, out: whiteNoise(count: 8_000, amplitude: 8_000), back: [])
    #expect(captured.allSatisfy { $0 == 0 })
  }

  @Test func lossAndNoiseApplyEachWay() {
    let tone = sine(1_000, count: 16_000, dbm0: -10)
    let settings = Line(hybrid: nil, noiseDBm0: -40, lossDecibels: 6)
    let (heard, captured) = run(settings, out: tone, back: tone)
    #expect(abs(toneLevel(heard, at: 1_000) + 16) < 0.1)
    #expect(abs(toneLevel(captured, at: 1_000) + 16) < 0.1)
    let quiet = run(settings, out: [Int16](repeating: 0, count: 16_000), back: [])
    #expect(abs(level(quiet.heard) + 40) < 0.5)
    #expect(abs(level(quiet.captured) + 40) < 0.5)
    #expect(quiet.heard != quiet.captured)
  }

  @Test func theSameSeedGivesTheSameSamples() {
    let settings = Line()
    let noise = whiteNoise(count: 1_600, amplitude: 2_000)
    #expect(run(settings, out: noise, back: noise) == run(settings, out: noise, back: noise))
  }

  @Test func bulkDelayIsInFrontOfTheHybrid() {
    var impulse = [Int16](repeating: 0, count: 4_000)
    impulse[0] = 20_000
    let prompt = run(Line(hybrid: .d2, noiseDBm0: nil, lossDecibels: 0), out: impulse, back: [])
    let late = run(Line(hybrid: .d2, bulkDelayMilliseconds: 37, noiseDBm0: nil, lossDecibels: 0), out: impulse, back: [])
    #expect(late.captured.prefix(296).allSatisfy { $0 == 0 })
    #expect(Array(late.captured.dropFirst(296)) == Array(prompt.captured.dropLast(296)))
    #expect(late.heard[296] == prompt.heard[0])
  }

  @Test func theTrunkCompandsOnceForAll() {
    let noise = whiteNoise(count: 4_000, amplitude: 12_000)
    for country in [Country.japan, .germany] {
      let once = run(.transparent, out: noise, back: [], country: country).heard
      #expect(once != noise)
      #expect(run(.transparent, out: once, back: [], country: country).heard == once)
      #expect(abs(level(once) - level(noise)) < 0.1)
    }
    #expect(
      run(.transparent, out: noise, back: [], country: .japan).heard != run(.transparent, out: noise, back: [], country: .france).heard)
  }
}

private func == (left: (heard: [Int16], captured: [Int16]), right: (heard: [Int16], captured: [Int16])) -> Bool {
  left.heard == right.heard && left.captured == right.captured
}
