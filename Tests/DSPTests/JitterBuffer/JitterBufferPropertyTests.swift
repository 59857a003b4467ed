import DSP
import Foundation
import RealTime
import Testing

/// Whatever comes: no trap, 80 samples each time, bounded, and the same again for the same input.
struct JitterBufferPropertyTests {
  private func pick(_ values: [Int], _ generator: inout SeededGenerator) -> Int {
    values[.random(in: values.indices, using: &generator)]
  }

  private func run(seed: UInt64) -> (output: [Int16], statistics: JitterBufferStatistics) {
    var generator = SeededGenerator(seed: seed)
    let harness = JitterBufferHarness()
    var sequence: Int64 = .random(in: 0...70_000, using: &generator)
    var timestamp: Int64 = .random(in: 0...(1 << 33), using: &generator)
    var now = MediaTime.milliseconds(.random(in: 0...1_000_000, using: &generator))
    for _ in 0..<1_500 {
      for _ in 0..<pick([0, 0, 1, 1, 1, 3, 40], &generator) {
        var packet = TestPacket(sequence: sequence, timestamp: timestamp, payload: [], arrival: now)
        let size = pick([80, 160, 160, 160, 240, 480, 37], &generator)
        packet.payload = (0..<size).map { _ in .random(in: 0...255, using: &generator) }
        packet.marker = Int.random(in: 0..<20, using: &generator) == 0
        switch Int.random(in: 0..<60, using: &generator) {
        case 0: packet.timestamp = .random(in: Int64(Int32.min)...(1 << 40), using: &generator)
        case 1: packet.sequence = .random(in: 0...(1 << 30), using: &generator)
        case 2: packet.kind = .comfortNoise
        case 3: packet.kind = .event
        case 4: packet.timestamp -= .random(in: 0...20_000, using: &generator)
        case 5: timestamp += .random(in: -30_000...30_000, using: &generator)
        case 6: packet.payload = []
        case 7: packet.arrival = MediaTime(nanoseconds: now.nanoseconds - .random(in: 0...3_000_000_000, using: &generator))
        case 8: harness.buffer.reset()
        case 9: harness.buffer.isFrozen.toggle()
        case 10: packet.timestamp += 33
        default: break
        }
        harness.insert(packet)
        sequence += 1
        timestamp += Int64(size)
      }
      if Int.random(in: 0..<500, using: &generator) == 0 { now += .seconds(.random(in: 0...5, using: &generator)) }
      let count = pick([0, 1, 1, 1, 1, 1, 2], &generator)
      for _ in 0..<count {
        _ = harness.pull(at: now)
        // A frame is written whole: the mark that the harness puts in shows nowhere twice in a row.
        #expect(!(harness.output.suffix(80).allSatisfy { $0 == 12_345 }))
        #expect(harness.buffer.statistics.bufferedSamples <= JitterBuffer.maximumAhead)
      }
      now += .microseconds(.random(in: 5_000...15_000, using: &generator))
    }
    #expect(harness.output.count % 80 == 0)
    return (harness.output, harness.buffer.statistics)
  }

  @Test(arguments: 1...60 as ClosedRange<UInt64>) func anySequenceOfArrivals(seed: UInt64) {
    let first = run(seed: seed)
    let second = run(seed: seed)
    #expect(first.output == second.output)
    #expect(first.statistics == second.statistics)
  }
}
