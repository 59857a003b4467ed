import CSpanDSP
import DSP
import Numbering
import RealTime
import Testing

struct ToneGeneratorTests {
  @Test func levelIsWhatWasAsked() {
    for country in Country.allCases {
      for tone in country.tonePlan.tones where tone.cadence.segments[0].components.allSatisfy({ $0.relativeLevel == 0 }) {
        for level: Float in [-3, -20, -40] {
          let on = min(tone.cadence.segments[0].milliseconds ?? 1000, 1000)
          let samples = Sound.tone(tone, level: level, milliseconds: on).samples.dropFirst(40).dropLast(40)
          let power = samples.reduce(0) { $0 + $1 * $1 } / Double(samples.count)
          #expect(abs(Level.dbm0(meanSquare: Float(power)) - level) < 0.3, "\(country) \(tone.kind) \(level)")
        }
      }
    }
  }

  @Test func cadenceIsExactToTheSample() throws {
    let busy = try #require(Country.germany.tonePlan.tone(.busy))
    let samples = Sound.tone(busy, level: -10, milliseconds: 2000).samples
    #expect(samples[3840..<7680].allSatisfy { $0 == 0 })
    #expect(samples[7682..<7760].contains { $0 != 0 })
    #expect(samples[0..<3840].suffix(40).contains { $0 != 0 })
  }

  @Test func edgesDoNotClick() throws {
    let dial = try #require(Country.germany.tonePlan.tone(.dialTone))
    var generator = ToneGenerator(tones: [dial], level: -10)
    var frame = AudioFrame()
    var samples: [Int16] = []
    generator.start(.dialTone)
    for tick in 0..<20 {
      if tick == 10 { generator.stop() }
      generator.render(into: &frame)
      samples += frame.array
    }
    let isPlaying = generator.isPlaying
    #expect(!isPlaying)
    // 425 Hz at -10 dBm0: no step is larger than the sine's own, the ramp's included.
    let steepest = Double(Level.sinePeak(dbm0: -10)) * (2 * Double.pi * 425 / 8000 + 0.05)
    for index in 1..<samples.count { #expect(abs(Double(samples[index]) - Double(samples[index - 1])) <= steepest) }
    #expect(samples.suffix(700).allSatisfy { $0 == 0 })
  }

  @Test func aSequencePlaysOnce() throws {
    let tone = try #require(Country.unitedStates.tonePlan.tone(.specialInformation))
    let samples = Sound.tone(tone, level: -10, milliseconds: 2000).samples
    #expect(samples.dropFirst((380 + 274 + 380) * 8).allSatisfy { $0 == 0 })
  }

  @Test func mixingSaturates() {
    var generator = ToneGenerator(plan: Country.japan.tonePlan, level: 0)
    var frame = AudioFrame(repeating: 30_000)
    generator.mix(into: &frame)
    #expect(frame == AudioFrame(repeating: 30_000))
    let started = generator.start(.dialTone)
    generator.mix(into: &frame)
    #expect(started)
    #expect(frame.array.max() == Int16.max)
    let others = [generator.start(.numberUnobtainable), generator.start(index: 99), generator.start(index: -1)]
    #expect(others == [false, false, false])
  }

  @Test func hybridsOfG168AreThere() {
    var length: Int32 = 0
    var gain: Float = 0
    for index in 2...9 {
      let taps = cspandsp_g168_hybrid(Int32(index), &length, &gain)
      #expect(taps != nil)
      #expect((60...130).contains(length))
      #expect(gain > 5e-6 && gain < 5e-5)
      // Two coefficients of G.168 as a check of the place: D.2 begins with -436.
      if index == 2 { #expect(taps?[0] == -436 && taps?[6] == 46150) }
    }
    #expect(cspandsp_g168_hybrid(1, &length, &gain) == nil)
    #expect(length == 0)
  }
}
