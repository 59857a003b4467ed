import DSP
import Foundation
import RealTime
import Testing

/// A delay that steps up by 120 ms and back, in virtual time.
struct DelayStepTests {
  private struct Course {
    var statistics: JitterBufferStatistics
    /// After the step up, and after the step down, until the delay was within the bound (ms) of what it should be for good; s.
    var up = 0.0
    var down = 0.0
  }

  /// Up after 10 s, down after 30 s, with `jitter` ms besides.
  private func course(phase: Int, jitter: Int, pauses: Bool, within bound: Double, seed: UInt64) -> Course {
    var generator = SeededGenerator(seed: seed)
    let voice = TestAudio.voice(seconds: 50)
    let source = pauses ? voice : voice.indices.map { voice[5_600 - abs(5_600 - $0 % 11_200) / 2] }
    var packets = TestAudio.packets(source)
    for index in packets.indices {
      let time = packets[index].arrival
      if time >= .seconds(11), time < .seconds(31) { packets[index].arrival += .milliseconds(120) }
      if jitter > 0 { packets[index].arrival += .milliseconds(.random(in: 0...jitter, using: &generator)) }
    }
    packets.sort { $0.arrival < $1.arrival }
    let harness = JitterBufferHarness()
    var next = 0
    var off: [(time: Double, isUp: Bool)] = []
    for tick in 0..<4_950 {
      let now = MediaTime.milliseconds(1_000 + tick * 10) + .microseconds(phase)
      while next < packets.count, packets[next].arrival <= now {
        harness.insert(packets[next])
        next += 1
      }
      _ = harness.pull(at: now)
      let seconds = Double(tick) / 100
      let waits = Double(harness.buffer.statistics.delayMicroseconds) / 1_000
      let should = Double(jitter) / 2 + 12
      if abs(waits - should) > bound { off.append((seconds, seconds < 30)) }
    }
    let lastUp = off.last { $0.isUp && $0.time >= 10 }?.time ?? 10
    let lastDown = off.last { !$0.isUp }?.time ?? 30
    return Course(statistics: harness.buffer.statistics, up: lastUp - 10, down: lastDown - 30)
  }

  @Test(arguments: [0, 2_500, 5_000, 9_000]) func isSettledInTwoSecondsUpAndTenDown(phase: Int) {
    for jitter in [0, 8] {
      let course = course(phase: phase, jitter: jitter, pauses: true, within: 15, seed: UInt64(phase + jitter + 1))
      #expect(course.up <= 2, "\(jitter): \(course.up) s")
      #expect(course.down <= 10, "\(jitter): \(course.down) s")
      #expect(course.statistics.concealedMilliseconds <= 120, "\(course.statistics.concealedMilliseconds)")
    }
  }

  @Test func isSettledInTenSecondsWithoutPausesToo() {
    let course = course(phase: 3_000, jitter: 0, pauses: false, within: 30, seed: 3)
    #expect(course.up <= 2, "\(course.up) s")
    #expect(course.down <= 10, "\(course.down) s")
  }

  @Test func theSpreadKnownBeforeTheStepStillHoldsAfterIt() {
    var generator = SeededGenerator(seed: 5)
    var packets = TestAudio.packets(TestAudio.voice(seconds: 30))
    for index in packets.indices {
      packets[index].arrival += .milliseconds(.random(in: 0...60, using: &generator) + (packets[index].arrival > .seconds(21) ? 100 : 0))
    }
    let harness = JitterBufferHarness()
    harness.run(packets, seconds: 20)
    let before = harness.buffer.statistics
    let after = JitterBufferHarness()
    after.run(packets, seconds: 22)
    // 2 s know nothing of a tail of 60 ms by themselves; and two modes 100 ms apart are not taken for a tail.
    #expect(abs(after.buffer.statistics.targetMicroseconds - before.targetMicroseconds) < 25_000)
  }
}
