import AudioFile
import Glibc
import Testing

struct AudioComparisonTests {
  /// Noise with a syllable's envelope: like speech for a correlator, and never the same twice.
  private func speech(seconds: Double, seed: UInt32) -> [Int16] {
    var state = seed
    var low = 0.0
    return (0..<Int(seconds * 8_000)).map { index in
      state = state &* 1_664_525 &+ 1_013_904_223
      low += 0.3 * (Double(Int32(bitPattern: state) >> 16) - low)
      let envelope = max(0, sin(Double(index) / 8_000 * 2 * .pi * 1.3 + Double(seed)))
      return Int16(max(-32_000, min(32_000, low * envelope * 0.5)))
    }
  }

  private func silence(_ count: Int) -> [Int16] { [Int16](repeating: 0, count: count) }

  @Test func findsASourceAnywhereWithItsLevel() {
    let source = speech(seconds: 5, seed: 1)
    for delay in [0, 333, 41_234] {
      let heard = silence(delay) + source.map { $0 / 2 } + silence(8_000)
      let result = AudioComparison.compare(heard: heard, source: source)
      #expect(result.delayInSamples == delay)
      #expect(result.delayInMilliseconds == Double(delay) / 8)
      #expect(result.correlation > 0.99)
      #expect(!result.isInverted)
      #expect(abs(result.sourceLevel - result.heardLevel - 6.02) < 0.2)
    }
  }

  @Test func findsItUpsideDownInNoise() {
    let source = speech(seconds: 4, seed: 2)
    let noise = speech(seconds: 8, seed: 77)
    var heard = noise.map { $0 / 8 }
    for index in source.indices { heard[9_000 + index] &-= source[index] }
    let result = AudioComparison.compare(heard: heard, source: source)
    #expect(result.delayInSamples == 9_000)
    #expect(result.isInverted)
    #expect(result.correlation > 0.95)
  }

  @Test func findsItWhereClocksDifferAndPausesWereShortened() {
    let source = speech(seconds: 6, seed: 3)
    // 200 ppm, and 5 ms left out now and then.
    var heard = silence(4_000)
    var position = 0.0
    while Int(position) + 1 < source.count {
      let whole = Int(position)
      let fraction = position - Double(whole)
      heard.append(Int16(Double(source[whole]) * (1 - fraction) + Double(source[whole + 1]) * fraction))
      position += 1.0002
      if heard.count % 12_000 == 0 { position += 40 }
    }
    let result = AudioComparison.compare(heard: heard, source: source)
    #expect(result.correlation > 0.9)
    #expect(abs(result.delayInSamples - 4_000) < 300)
  }

  @Test func knowsWhatItIsNot() {
    let source = speech(seconds: 4, seed: 4)
    #expect(AudioComparison.compare(heard: speech(seconds: 10, seed: 5), source: source).correlation < 0.35)
    #expect(AudioComparison.compare(heard: silence(80_000), source: source).correlation == 0)
    #expect(AudioComparison.compare(heard: silence(80_000), source: source).heardLevel == -96)
    #expect(AudioComparison.compare(heard: [], source: source).correlation == 0)
    #expect(AudioComparison.compare(heard: source, source: []).correlation == 0)
    #expect(AudioComparison.compare(heard: source, source: silence(8_000)).correlation == 0)
    #expect(AudioComparison.compare(heard: [1, 2, 3], source: [1]).correlation == 0)
  }

  @Test func beginsBeforeTheRecording() {
    let source = speech(seconds: 6, seed: 6)
    let result = AudioComparison.compare(heard: Array(source.dropFirst(1_500)), source: source)
    #expect(result.delayInSamples == -1_500)
    #expect(result.correlation > 0.9)
  }

  @Test func levelsAreOnTheNetworksScale() {
    let tone = (0..<8_000).map { Int16(32_124 * sin(2 * .pi * 1_000 * Double($0) / 8_000)) }
    #expect(abs(AudioComparison.level(tone[...]) - 3.17) < 0.01)
    #expect(abs(AudioComparison.level(tone.map { $0 / 100 }[...]) + 36.83) < 0.1)
  }

  @Test func halfAMinuteTakesLessThanASecondOfProcessor() {
    let source = speech(seconds: 30, seed: 8)
    let start = clock()
    let result = AudioComparison.compare(heard: silence(800) + source, source: source)
    let seconds = Double(clock() - start) / Double(CLOCKS_PER_SEC)
    print("comparing 30 s took \(seconds) s of processor time")
    #expect(result.delayInSamples == 800)
  }
}
