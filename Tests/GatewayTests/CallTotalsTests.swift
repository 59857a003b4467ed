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
    return record
  }

  private func values(_ totals: CallTotals) -> [String: Double] {
    var values: [String: Double] = [:]
    for family in totals.families {
      for sample in family.samples { values[family.name + sample.labels.map { ",\($0.1)" }.joined()] = sample.value }
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

  @Test func nothingYet() {
    let told = values(CallTotals())
    #expect(told["kakehashi_calls_by_quality_total,good"] == 0 && told["kakehashi_talk_seconds_total"] == 0)
    #expect(!told.keys.contains { $0.hasPrefix("kakehashi_calls_ended_total") })
  }
}
