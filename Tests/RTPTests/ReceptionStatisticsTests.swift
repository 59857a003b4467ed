import RTP
import RealTime
import Testing

struct ReceptionStatisticsTests {
  private func header(_ sequence: Int, timestamp: Int? = nil) -> RTPHeader {
    RTPHeader(
      payloadType: 0, sequence: UInt16(truncatingIfNeeded: sequence), timestamp: UInt32(truncatingIfNeeded: timestamp ?? sequence * 160),
      source: 1)
  }

  @discardableResult
  private func record(_ statistics: inout ReceptionStatistics, _ sequence: Int, lateBy: Int = 0) -> ReceptionStatistics.Verdict {
    statistics.record(header(sequence), payloadOctets: 160, arrival: .milliseconds(sequence * 20 + lateBy))
  }

  @Test func twoInOrderMakeASourceValid() {
    var statistics = ReceptionStatistics()
    #expect(record(&statistics, 10) == .probation(sequence: 10))
    #expect(record(&statistics, 20) == .probation(sequence: 20))
    #expect(!statistics.isValid)
    #expect(record(&statistics, 21) == .valid(sequence: 21))
    #expect(statistics.isValid)
    #expect(statistics.received == 1 && statistics.expected == 1 && statistics.lost == 0)
  }

  @Test func countsLossThroughAWrapAndReportsItOnce() {
    var statistics = ReceptionStatistics()
    for sequence in 65_000..<66_000 where sequence % 10 != 5 { record(&statistics, sequence) }
    #expect(statistics.expected == 999)
    #expect(statistics.lost == 100)
    #expect(statistics.takeFractionLost() == 25)
    #expect(statistics.takeFractionLost() == 0)
    #expect(statistics.extendedHighestSequence == 65_999)
  }

  @Test func lateAndDoubledPacketsKeepTheirNumber() {
    var statistics = ReceptionStatistics()
    for sequence in 100..<110 { record(&statistics, sequence) }
    #expect(record(&statistics, 105) == .valid(sequence: 105))
    #expect(record(&statistics, 50) == .valid(sequence: 50))
    #expect(statistics.lost == -2)
    #expect(statistics.takeFractionLost() == 0)
  }

  @Test func aJumpNeedsItsSuccessor() {
    var statistics = ReceptionStatistics()
    for sequence in 100..<110 { record(&statistics, sequence) }
    #expect(record(&statistics, 40_000) == .suspect)
    #expect(record(&statistics, 110) == .valid(sequence: 110))
    #expect(record(&statistics, 30_000) == .suspect)
    #expect(record(&statistics, 30_001) == .restarted(sequence: 30_001))
    #expect(statistics.received == 1)
  }

  @Test func jitterSettlesAtTheMeanDifference() {
    var statistics = ReceptionStatistics()
    // 4 ms late every other time: |D| is 32 units each time.
    for sequence in 0..<2_000 { record(&statistics, sequence, lateBy: sequence % 2 * 4) }
    #expect((30...33).contains(statistics.jitter))
    #expect((3_700...4_100).contains(statistics.jitterMicroseconds))
    var steady = ReceptionStatistics()
    for sequence in 0..<2_000 { record(&steady, sequence) }
    #expect(steady.jitter == 0)
  }

  @Test func anyNumbersDoNotTrap() {
    var generator = SeededGenerator(seed: 5)
    var statistics = ReceptionStatistics()
    for _ in 0..<50_000 {
      let header = RTPHeader(
        payloadType: 0, sequence: .random(in: 0...UInt16.max, using: &generator), timestamp: .random(in: 0...UInt32.max, using: &generator),
        source: 1)
      _ = statistics.record(header, payloadOctets: 1, arrival: MediaTime(nanoseconds: .random(in: 0...Int64.max, using: &generator)))
      _ = ReportBlock(source: 1, statistics: &statistics, lastSenderReport: 1, sinceSenderReport: .seconds(1))
    }
    #expect(statistics.received >= 0)
  }
}
