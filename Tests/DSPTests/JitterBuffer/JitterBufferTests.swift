import CAllocationCounter
import DSP
import Foundation
import RealTime
import Testing

struct JitterBufferTests {
  @Test(arguments: [10, 20, 30, 40, 50, 60]) func aCleanStreamIsHeardSampleForSample(milliseconds: Int) {
    let harness = JitterBufferHarness()
    // Speech without a pause within the first 0.6 s, so that nothing may move; then the whole.
    let source = TestAudio.voice(seconds: 6)
    harness.run(TestAudio.packets(source, milliseconds: milliseconds), seconds: 7, phase: 3_000)
    let coded = TestAudio.coded(source)
    let delay = harness.find(coded[0..<5_000])
    #expect(delay != nil)
    let statistics = harness.buffer.statistics
    #expect(statistics.late == 0 && statistics.lost == 0 && statistics.duplicate == 0)
    // After the last packet nothing more comes.
    #expect(statistics.concealments == 1)
    // In the end no deeper than the margin, a tick and the dead band.
    let end = harness.find(coded[40_000..<45_000])
    #expect(end.map { $0 - 40_000 <= (milliseconds + 25) * 8 } == true, "\(String(describing: end))")
  }

  @Test func theDelayShownIsTheDelayHeard() throws {
    let source = TestAudio.coded(TestAudio.voice(seconds: 6))
    let harness = JitterBufferHarness()
    harness.run(TestAudio.packets(source), seconds: 5, phase: 3_000)
    let spoken = source[32_000..<37_000]
    // The speech repeats each second: the search begins at its own.
    let heard = try #require((32_000..<34_000).first { harness.output[$0..<($0 + spoken.count)].elementsEqual(spoken) })
    // The pulls begin 17 ms before packet 0 comes; 125 µs a sample.
    let delay = Int64(heard - 32_000) * 125 - 17_000
    #expect(abs(harness.buffer.statistics.delayMicroseconds - delay) <= 125, "\(harness.buffer.statistics.delayMicroseconds) \(delay)")
  }

  @Test func schedulerJitterOfBothEndsChangesNothing() {
    let source = TestAudio.coded(TestAudio.voice(seconds: 20))
    for seed in 1...5 as ClosedRange<UInt64> {
      var generator = SeededGenerator(seed: seed)
      var packets = TestAudio.packets(source)
      for index in packets.indices { packets[index].arrival += .microseconds(.random(in: 0...3_000, using: &generator)) }
      let harness = JitterBufferHarness()
      harness.run(packets, seconds: 20, tickJitter: 4_000, seed: seed)
      let statistics = harness.buffer.statistics
      #expect(statistics.concealedSamples == 0)
      #expect(statistics.removedSamples + statistics.insertedSamples <= 160)
      #expect(statistics.delayMicroseconds < 25_000)
      // Each word whole.
      for second in 1..<18 { #expect(harness.find(source[(second * 8_000)..<(second * 8_000 + 5_500)]) != nil, "\(seed) \(second)") }
    }
  }

  @Test func reordersAndIgnoresDoubles() {
    let source = TestAudio.coded(TestAudio.voice(seconds: 3))
    var packets = TestAudio.packets(source)
    for index in stride(from: 10, to: packets.count - 1, by: 7) {
      packets.swapAt(index, index + 1)
      let arrivals = (packets[index].arrival, packets[index + 1].arrival)
      packets[index].arrival = arrivals.1
      packets[index + 1].arrival = arrivals.0
    }
    packets += packets.map {
      var copy = $0
      copy.arrival += .milliseconds(5)
      return copy
    }
    // Deep enough for a packet to be overtaken.
    let harness = JitterBufferHarness(configuration: JitterBufferConfiguration(initialDelay: .milliseconds(40)))
    harness.run(packets, seconds: 2.9)
    #expect(harness.find(source[0..<5_000]) != nil)
    #expect(harness.find(source[16_000..<20_000]) != nil)
    let statistics = harness.buffer.statistics
    #expect(statistics.duplicate > 100)
    #expect(statistics.reordered > 15)
    #expect(statistics.concealments == 0)
  }

  @Test func lossIsConcealedAndCounted() {
    let source = TestAudio.coded(TestAudio.voice(seconds: 10))
    let all = TestAudio.packets(source)
    let packets = all.enumerated().filter { $0.offset % 20 != 13 }.map(\.element)
    let harness = JitterBufferHarness()
    harness.run(packets, seconds: 9.9)
    let statistics = harness.buffer.statistics
    #expect((24...25).contains(statistics.lost))
    #expect(statistics.concealments >= 24)
    #expect(statistics.concealedMilliseconds >= 24 * 20 && statistics.concealedMilliseconds <= 25 * 20)
    // What is made up is closer to the voice than silence would be: compare over lost packets within words.
    guard let delay = harness.find(source[8_000..<9_800]).map({ $0 - 8_000 }) else {
      Issue.record("the stream is not where it should be")
      return
    }
    var error = 0.0
    var energy = 0.0
    for index in stride(from: 53, to: 58, by: 20) {
      for sample in index * 160..<(index + 1) * 160 {
        error += pow(Double(source[sample]) - Double(harness.output[sample + delay]), 2)
        energy += pow(Double(source[sample]), 2)
      }
    }
    #expect(error < 0.3 * energy, "error \(error / energy) of the energy")
  }

  @Test func driftIsTakenUpInPauses() {
    let source = TestAudio.coded(TestAudio.voice(seconds: 240))
    for partsPerMillion in [-500.0, 500.0] {
      let harness = JitterBufferHarness()
      harness.run(TestAudio.packets(source), seconds: 239, partsPerMillion: partsPerMillion)
      let statistics = harness.buffer.statistics
      // 500 ppm of 239 s are 119 ms.
      #expect(statistics.concealedMilliseconds <= 20, "\(partsPerMillion)")
      let moved = statistics.insertedSamples - statistics.removedSamples
      #expect(abs(Double(moved) - partsPerMillion / 1_000_000 * 239 * 8_000) < 240, "\(partsPerMillion): \(moved)")
      #expect(statistics.delayMicroseconds < 45_000 && statistics.delayMicroseconds > 0)
    }
  }

  @Test func driftWithoutPausesIsSurvived() {
    // A steady tone: nothing tells where to move.
    let source = (0..<120 * 8_000).map { Int16(8_000 * sin(2 * .pi * 440 * Double($0) / 8_000)) }
    for partsPerMillion in [-500.0, 500.0] {
      let harness = JitterBufferHarness()
      harness.run(TestAudio.packets(source), seconds: 119, partsPerMillion: partsPerMillion)
      let statistics = harness.buffer.statistics
      #expect(statistics.concealedMilliseconds <= 120, "\(partsPerMillion)")
      #expect(statistics.delayMicroseconds < 120_000)
      // It goes on sounding like the tone.
      let tail = harness.output.suffix(40_000)
      let power = tail.reduce(0.0) { $0 + Double($1) * Double($1) } / 40_000
      #expect(abs(power / (8_000.0 * 8_000 / 2) - 1) < 0.1)
    }
  }

  @Test func aStreamThatStopsFadesAndComesBack() {
    let source = TestAudio.coded(TestAudio.voice(seconds: 10))
    let packets = TestAudio.packets(source).filter { $0.timestamp < 5_000 + 16_800 || $0.timestamp >= 5_000 + 8_000 * 6 }
    let harness = JitterBufferHarness()
    harness.run(packets, seconds: 9.9)
    // From 200 ms after the stop to the return: nothing.
    #expect(harness.output[20_000..<46_000].allSatisfy { abs($0) <= 1 })
    #expect(harness.find(source[8_000 * 7..<8_000 * 7 + 5_600]) != nil)
    #expect(harness.buffer.statistics.concealedMilliseconds <= 160)
  }

  @Test(arguments: [true, false]) func aJumpOfTheTimestampsStartsAgain(marker: Bool) {
    for jump: Int64 in [1 << 31, 20_000, -40_000] {
      let source = TestAudio.coded(TestAudio.voice(seconds: 6))
      var packets = TestAudio.packets(source, startingAt: 1 << 33)
      for index in 150..<packets.count { packets[index].timestamp += jump }
      packets[150].marker = marker
      let harness = JitterBufferHarness()
      harness.run(packets, seconds: 6)
      #expect(harness.buffer.statistics.restarts == 1, "\(jump)")
      #expect(harness.find(source[4 * 8_000..<4 * 8_000 + 5_600]) != nil, "\(jump)")
      #expect(harness.buffer.statistics.delayMicroseconds < 40_000)
    }
  }

  @Test func oneStrayPacketChangesNothing() {
    let source = TestAudio.coded(TestAudio.voice(seconds: 4))
    var packets = TestAudio.packets(source)
    var stray = packets[100]
    stray.timestamp += 1 << 30
    packets[100] = stray
    let harness = JitterBufferHarness()
    harness.run(packets, seconds: 4)
    #expect(harness.buffer.statistics.restarts == 0)
    #expect(harness.buffer.statistics.unusable == 1)
    #expect(harness.find(source[3 * 8_000..<3 * 8_000 + 5_600]) != nil)
  }

  @Test func comfortNoiseIsPlayedAtItsLevel() {
    let source = TestAudio.coded(TestAudio.voice(seconds: 5))
    var packets = TestAudio.packets(source).filter { $0.timestamp < 5_000 + 8_000 || $0.timestamp >= 5_000 + 8_000 * 3 }
    packets.append(
      TestPacket(
        sequence: 10_000, timestamp: 5_000 + 8_000, kind: .comfortNoise, payload: [46],
        arrival: .milliseconds(2_020)))
    for index in packets.indices where packets[index].timestamp > 5_000 + 8_000 { packets[index].sequence += 20_000 }
    let harness = JitterBufferHarness()
    harness.run(packets, seconds: 5)
    #expect(harness.buffer.statistics.concealments <= 1)
    let noise = harness.output[14_000..<22_000]
    let level = Level.dbm0(meanSquare: noise.withUnsafeBufferPointer { Level.meanSquare($0) })
    #expect(abs(level - (6.18 - 46)) < 1, "\(level)")
    #expect(harness.find(source[8_000 * 4..<8_000 * 4 + 5_600]) != nil)
  }

  @Test func aTelephoneEventIsSilence() {
    let source = TestAudio.coded(TestAudio.voice(seconds: 3))
    var packets = TestAudio.packets(source)
    for index in 20..<30 {
      packets[index].kind = .event
      packets[index].timestamp = packets[20].timestamp
      packets[index].payload = [1, 10, 0, 160]
    }
    let harness = JitterBufferHarness()
    harness.run(packets, seconds: 2.9)
    let statistics = harness.buffer.statistics
    #expect(statistics.lost == 0)
    #expect(statistics.concealedMilliseconds <= 20)
    #expect(harness.find(source[8_000..<13_600]) != nil)
  }

  @Test func aBurstAfterAStallStaysWithinItsBound() {
    let source = TestAudio.coded(TestAudio.voice(seconds: 12))
    var packets = TestAudio.packets(source)
    let stalled = MediaTime.milliseconds(1_000 + 4_000)
    for index in packets.indices where packets[index].arrival >= stalled && packets[index].arrival < stalled + .milliseconds(1_500) {
      packets[index].arrival = stalled + .milliseconds(1_500)
    }
    let harness = JitterBufferHarness()
    harness.run(packets, seconds: 12)
    let statistics = harness.buffer.statistics
    #expect(statistics.bufferedSamples <= JitterBuffer.maximumAhead)
    #expect(statistics.delayMicroseconds < 200_000)
    #expect(harness.find(source[10 * 8_000..<10 * 8_000 + 5_600]) != nil)
  }

  @Test func emptyAndOverlongPacketsAreRefused() {
    let harness = JitterBufferHarness()
    #expect(harness.insert(TestPacket(sequence: 1, timestamp: 1, payload: [], arrival: .zero)) == .unusable)
    #expect(harness.insert(TestPacket(sequence: 1, timestamp: 1, payload: [UInt8](repeating: 0, count: 961), arrival: .zero)) == .unusable)
    #expect(harness.buffer.statistics.unusable == 2)
    #expect(harness.pull(at: .seconds(1)) == AudioFrame())
  }

  @Test func resetKeepsTheCounts() {
    let harness = JitterBufferHarness()
    let packets = TestAudio.packets(TestAudio.voice(seconds: 2)).enumerated().filter { $0.offset % 10 != 5 }.map(\.element)
    harness.run(packets, seconds: 2)
    let before = harness.buffer.statistics
    harness.buffer.reset()
    let after = harness.buffer.statistics
    #expect(after.received == before.received && after.lost == before.lost && after.concealedSamples == before.concealedSamples)
    #expect(harness.pull(at: .seconds(9)) == AudioFrame())
  }

  @Test func neitherInsertingNorPullingAllocates() {
    let harness = JitterBufferHarness()
    var generator = SeededGenerator(seed: 4)
    var packets = TestAudio.packets(TestAudio.voice(seconds: 10)).filter { _ in Int.random(in: 0..<10, using: &generator) > 0 }
    for index in packets.indices { packets[index].arrival += .milliseconds(.random(in: 0...60, using: &generator)) }
    packets.sort { $0.arrival < $1.arrival }
    let payload = packets[0].payload
    var frame = AudioFrame()
    var next = 0
    payload.withUnsafeBytes { bytes in
      allocation_counter_start()
      for tick in 0..<1_000 {
        let now = MediaTime.milliseconds(1_000 + tick * 10)
        while next < packets.count, packets[next].arrival <= now {
          harness.buffer.insert(
            payload: bytes, as: .g711(.mu), sequence: packets[next].sequence, timestamp: packets[next].timestamp, marker: false,
            arrival: packets[next].arrival)
          next += 1
        }
        harness.buffer.pull(into: &frame, now: now)
      }
    }
    let counts = allocation_counter_stop()
    #expect(counts.allocations == 0 && counts.frees == 0 && counts.locks == 0)
    #expect(harness.buffer.statistics.concealments > 10)
  }
}
