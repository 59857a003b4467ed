import CallControl
import ControlAPI
import Gateway
import Testing

@Suite struct CallTotalsTests {
  private func record(
    _ number: UInt64, answeredAfter setup: Int?, talked: Int = 0, cause: CallCause = .normalClearing, score: Double? = nil
  )
    -> CallRecord
  {
    var record = CallRecord(
      id: CallID(rawValue: number), direction: .outbound, number: "+81333331234", peer: "sip:bob@gw", startedAt: .seconds(100))
    record.answeredAt = setup.map { .seconds(100 + $0) }
    record.endedAt = .seconds(100 + (setup ?? 0) + talked)
    record.end = EndReason(cause, by: .caller, because: "the test said so")
    record.media.packetsLost = 3
    record.media.concealedMilliseconds = 250
    record.media.meanOpinionScore = score
    record.media.heard.lossFraction = 0.02
    record.media.heard.discardFraction = 0.005
    record.media.bufferDelayMilliseconds = 25
    record.media.told.lossFraction = score == 2 ? 0.5 : nil
    return record
  }

  private func values(_ totals: CallTotals) -> [String: Double] {
    var values: [String: Double] = [:]
    for family in totals.families {
      for sample in family.samples { values[family.name + sample.suffix + sample.labels.map { ",\($0.1)" }.joined()] = sample.value }
    }
    return values
  }

  @Test func sumsOverCallsThatEnded() {
    var totals = CallTotals()
    totals.note(record(1, answeredAfter: 4, talked: 30, score: 4.3))
    totals.note(record(2, answeredAfter: 2, talked: 60, score: 3.7))
    totals.note(record(3, answeredAfter: 3, talked: 1, score: 2))
    totals.note(record(4, answeredAfter: nil, cause: .busy))
    let told = values(totals)
    #expect(told["kakehashi_calls_ended_total,16"] == 3 && told["kakehashi_calls_ended_total,17"] == 1)
    #expect(told["kakehashi_calls_answered_and_ended_total"] == 3)
    #expect(told["kakehashi_setup_seconds_total"] == 9 && told["kakehashi_talk_seconds_total"] == 91)
    for quality in ["good", "fair", "poor"] { #expect(told["kakehashi_calls_by_quality_total,\(quality)"] == 1) }
    // Of answered calls only.
    #expect(told["kakehashi_rtp_packets_lost_total"] == 9 && told["kakehashi_concealed_seconds_total"] == 0.75)
  }

  @Test func figuresOfQualityAreSorted() {
    var totals = CallTotals()
    totals.note(record(1, answeredAfter: 4, score: 4.35))
    totals.note(record(2, answeredAfter: 2, score: 3.7))
    totals.note(record(3, answeredAfter: 3, score: 2))
    totals.note(record(4, answeredAfter: nil, score: 1))
    let told = values(totals)
    #expect(told["kakehashi_call_mos_bucket,telephone,1.5"] == 0 && told["kakehashi_call_mos_bucket,telephone,2.0"] == 1)
    #expect(told["kakehashi_call_mos_bucket,telephone,3.8"] == 2 && told["kakehashi_call_mos_bucket,telephone,4.3"] == 2)
    #expect(told["kakehashi_call_mos_bucket,telephone,+Inf"] == 3 && told["kakehashi_call_mos_count,telephone"] == 3)
    #expect(abs((told["kakehashi_call_mos_sum,telephone"] ?? 0) - 10.05) < 1e-9)
    #expect(told["kakehashi_call_mos_count,peer"] == 0)
    #expect(told["kakehashi_call_delay_seconds_bucket,buffer,0.02"] == 0 && told["kakehashi_call_delay_seconds_bucket,buffer,0.03"] == 3)
    #expect(told["kakehashi_call_loss_ratio_bucket,telephone,0.02"] == 0 && told["kakehashi_call_loss_ratio_bucket,telephone,0.03"] == 3)
    #expect(told["kakehashi_call_loss_ratio_sum,peer"] == 0.5)
  }

  @Test func runningCallsShowTheWorstAndTheMean() {
    var good = MediaStatistics()
    good.heard.conversationalScore = 4.4
    good.sentConversationalScore = 4
    var bad = MediaStatistics()
    bad.heard.conversationalScore = 2.4
    let samples = QualityTotals.families(ofRunning: [good, bad, MediaStatistics()]).flatMap(\.samples)
    #expect(samples.map { ($0.value * 10).rounded() } == [24, 34, 40, 40])
    #expect(QualityTotals.families(ofRunning: []).allSatisfy { $0.samples.isEmpty })
  }

  @Test func nothingYet() {
    let told = values(CallTotals())
    #expect(told["kakehashi_calls_by_quality_total,good"] == 0 && told["kakehashi_talk_seconds_total"] == 0)
    #expect(!told.keys.contains { $0.hasPrefix("kakehashi_calls_ended_total") })
  }
}
