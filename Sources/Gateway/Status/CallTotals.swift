package import CallControl
package import ControlAPI

/// Sums over the calls that have ended since the start, for Prometheus.
package struct CallTotals: Sendable {
  private var byCause: [Int: Int] = [:]
  private var byQuality: [String: Int] = [:]
  private var talkSeconds = 0.0
  private var setupSeconds = 0.0
  private var answered = 0
  private var packetsLost = 0
  private var packetsLate = 0
  private var concealedSeconds = 0.0
  private var quality = QualityTotals()

  package init() {}

  package mutating func note(_ record: CallRecord) {
    if let end = record.end { byCause[end.cause.q850, default: 0] += 1 }
    guard let answeredAt = record.answeredAt else { return }
    answered += 1
    talkSeconds += record.talkTime.inSeconds
    setupSeconds += max((answeredAt - record.startedAt).inSeconds, 0)
    packetsLost += record.media.packetsLost
    packetsLate += record.media.packetsLate
    concealedSeconds += Double(record.media.concealedMilliseconds) / 1000
    quality.note(record.media)
    if let score = record.media.meanOpinionScore { byQuality[Self.quality(score), default: 0] += 1 }
  }

  /// ITU-T G.107 annex B: 4.03 is "satisfied", 3.6 "some users dissatisfied".
  private static func quality(_ score: Double) -> String { score >= 4.03 ? "good" : score >= 3.6 ? "fair" : "poor" }

  package var families: [MetricFamily] {
    [
      MetricFamily(
        "kakehashi_calls_ended_total", .counter, help: "Calls that ended, by cause of ITU-T Q.850.",
        byCause.sorted { $0.key < $1.key }.map { .init(Double($0.value), [("q850", "\($0.key)")]) }),
      MetricFamily(
        "kakehashi_calls_by_quality_total", .counter, help: "Answered calls that ended, by estimated quality (ITU-T G.107).",
        ["good", "fair", "poor"].map { .init(Double(byQuality[$0] ?? 0), [("quality", $0)]) }),
      MetricFamily("kakehashi_talk_seconds_total", .counter, help: "Time talked in calls that ended.", [.init(talkSeconds)]),
      MetricFamily(
        "kakehashi_setup_seconds_total", .counter, help: "Time from the start to the answer, of answered calls that ended.",
        [.init(setupSeconds)]),
      MetricFamily("kakehashi_calls_answered_and_ended_total", .counter, help: "Answered calls that ended.", answered),
      MetricFamily("kakehashi_rtp_packets_lost_total", .counter, help: "RTP packets that never came, of calls that ended.", packetsLost),
      MetricFamily(
        "kakehashi_rtp_packets_late_total", .counter, help: "RTP packets that came too late, of calls that ended.", packetsLate),
      MetricFamily(
        "kakehashi_concealed_seconds_total", .counter, help: "Speech that had to be made up, of calls that ended.",
        [.init(concealedSeconds)]),
    ] + quality.families
  }
}
