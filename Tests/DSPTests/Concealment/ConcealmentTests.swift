import DSP
import Foundation
import RealTime
import Testing

/// Concealment as it is heard through the buffer.
struct ConcealmentTests {
  /// Signal-to-error ratio, dB, over the lost parts of a stream of which every `every`th packet is lost.
  private func ratio(_ source: [Int16], lookAhead: Bool) -> Double {
    let coded = TestAudio.coded(source)
    let packets = TestAudio.packets(coded)
    let lost = Set(stride(from: 25, to: packets.count - 10, by: 10))
    let harness = JitterBufferHarness(
      configuration: lookAhead
        ? JitterBufferConfiguration(margin: .milliseconds(45), initialDelay: .milliseconds(45)) : JitterBufferConfiguration())
    harness.run(packets.enumerated().filter { !lost.contains($0.offset) }.map(\.element), seconds: Double(source.count) / 8_000)
    guard let delay = harness.find(coded[0..<3_000]) else { return -.infinity }
    var error = 1.0
    var energy = 1.0
    for packet in lost {
      for sample in packet * 160..<(packet + 1) * 160 where sample + delay < harness.output.count {
        error += pow(Double(coded[sample]) - Double(harness.output[sample + delay]), 2)
        energy += pow(Double(coded[sample]), 2)
      }
    }
    return 10 * log10(energy / error)
  }

  /// 3 s of a buzz whose pitch (Hz) goes with the time (s).
  private func buzz(harmonics: Int, pitch: (Double) -> Double) -> [Int16] {
    var phase = 0.0
    return (0..<24_000).map { index in
      phase += 2 * .pi * pitch(Double(index) / 8_000) / 8_000
      var sum = 0.0
      for harmonic in 1...harmonics { sum += 3_000 / Double(harmonic) * sin(Double(harmonic) * phase) }
      return Int16(sum)
    }
  }

  @Test func aSteadyVoiceIsContinuedInPhase() {
    let steady = buzz(harmonics: 10) { _ in 110 }
    let blind = ratio(steady, lookAhead: false)
    let ahead = ratio(steady, lookAhead: true)
    #expect(blind > 6, "\(blind) dB")
    #expect(ahead > 10, "\(ahead) dB")
  }

  @Test func aGlideIsFollowed() {
    let glide = buzz(harmonics: 8) { 120 + 20 * sin(2 * .pi * $0 / 2) }
    #expect(ratio(glide, lookAhead: true) > 6)
  }

  @Test func joinsDoNotClick() {
    let source = TestAudio.voice(seconds: 8)
    let packets = TestAudio.packets(source)
    let harness = JitterBufferHarness()
    harness.run(packets.enumerated().filter { $0.offset % 10 != 4 }.map(\.element), seconds: 7.9)
    func roughest(_ samples: [Int16]) -> Int {
      (2..<samples.count).map { abs(Int(samples[$0]) - 2 * Int(samples[$0 - 1]) + Int(samples[$0 - 2])) }.max() ?? 0
    }
    let clean = roughest(TestAudio.coded(source))
    #expect(roughest(harness.output) < clean * 2, "\(roughest(harness.output)) against \(clean)")
  }

  @Test func itIsOverAfter80Milliseconds() {
    let source = (0..<16_000).map { Int16(8_000 * sin(2 * .pi * 200 * Double($0) / 8_000)) }
    let harness = JitterBufferHarness()
    harness.run(TestAudio.packets(source), seconds: 3)
    let last = harness.output.lastIndex { $0 != 0 } ?? 0
    #expect(last > 16_000 && last < 16_000 + 1_000)
  }

  @Test func silenceStaysSilence() {
    let harness = JitterBufferHarness()
    let packets = TestAudio.packets([Int16](repeating: 0, count: 16_000)).enumerated().filter { $0.offset % 3 != 1 }.map(\.element)
    harness.run(packets, seconds: 2)
    #expect(harness.output.allSatisfy { $0 == 0 })
  }
}
