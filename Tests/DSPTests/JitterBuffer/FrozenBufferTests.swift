import DSP
import Foundation
import RealTime
import Testing

/// The mode for fax and modem calls.
struct FrozenBufferTests {
  @Test func holdsItsDepthAndMakesNothingUp() {
    var noise = SeededGenerator(seed: 1)
    let source = TestAudio.coded((0..<40 * 8_000).map { _ in .random(in: -6_000...6_000, using: &noise) })
    var packets = TestAudio.packets(source)
    // Jitter that asks for more depth, a lost packet, and less jitter later.
    var generator = SeededGenerator(seed: 2)
    for index in 200..<600 { packets[index].arrival += .milliseconds(.random(in: 0...35, using: &generator)) }
    packets.removeAll { $0.sequence == 100 + 1_000 }
    let harness = JitterBufferHarness(configuration: JitterBufferConfiguration(initialDelay: .milliseconds(50)))
    harness.buffer.isFrozen = true
    harness.run(packets, seconds: 39.5)
    let statistics = harness.buffer.statistics
    #expect(statistics.removedSamples == 0 && statistics.insertedSamples == 0)
    #expect(statistics.concealedSamples == 0)
    let delay = harness.find(source[0..<160_000])
    #expect(delay != nil)
    // After the lost packet it is where it was before; the gap is silent.
    #expect(harness.find(source[160_160..<300_000]).map { $0 - 160_160 } == delay)
    if let delay { #expect(harness.output[160_000 + delay..<160_160 + delay].allSatisfy { $0 == 0 }) }
  }
}
