package import CallControl
package import ControlAPI

/// Figures of quality over the calls that have ended since the start, and of those that run.
package struct QualityTotals: Sendable {
  private static let scores = [1.5, 2, 2.5, 3, 3.4, 3.6, 3.8, 4.03, 4.2, 4.3, 4.4]
  private static let delays = [0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6]
  private static let losses = [0, 0.001, 0.003, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2]

  private var heardByTelephone = MetricHistogram(bounds: scores)
  private var heardByPeer = MetricHistogram(bounds: scores)
  private var network = MetricHistogram(bounds: delays)
  private var buffer = MetricHistogram(bounds: delays)
  private var line = MetricHistogram(bounds: delays)
  private var lossFromPeer = MetricHistogram(bounds: losses)
  private var lossToPeer = MetricHistogram(bounds: losses)

  package init() {}

  /// Takes the figures of an answered call that has ended.
  package mutating func note(_ media: MediaStatistics) {
    if let score = media.heard.conversationalScore { heardByTelephone.note(score) }
    if let score = media.sentConversationalScore { heardByPeer.note(score) }
    if let delay = media.networkDelayMilliseconds { network.note(delay / 1000) }
    if let delay = media.bufferDelayMilliseconds { buffer.note(delay / 1000) }
    if let delay = media.lineDelayMilliseconds { line.note(delay / 1000) }
    if let loss = media.heard.lossFraction { lossFromPeer.note(loss + (media.heard.discardFraction ?? 0)) }
    if let loss = media.told.lossFraction { lossToPeer.note(loss + (media.told.discardFraction ?? 0)) }
  }

  package var families: [MetricFamily] {
    [
      MetricFamily(
        "kakehashi_call_mos", .histogram, help: "MOS-CQ (ITU-T G.107) of answered calls that ended, by who listens.",
        heardByTelephone.samples([("listener", "telephone")]) + heardByPeer.samples([("listener", "peer")])),
      MetricFamily(
        "kakehashi_call_delay_seconds", .histogram,
        help: "One-way delay from the peer to the line at the end of answered calls, by its parts.",
        network.samples([("part", "network")]) + buffer.samples([("part", "buffer")]) + line.samples([("part", "line")])),
      MetricFamily(
        "kakehashi_call_loss_ratio", .histogram, help: "Packets lost or too late, 0 to 1, of answered calls that ended, by who listens.",
        lossFromPeer.samples([("listener", "telephone")]) + lossToPeer.samples([("listener", "peer")])),
    ]
  }

  /// Of calls that run: the worst, and the mean.
  package static func families(ofRunning calls: [MediaStatistics]) -> [MetricFamily] {
    func samples(_ scores: [Double], _ listener: String) -> [MetricFamily.Sample] {
      guard let lowest = scores.min() else { return [] }
      return [
        .init(lowest, [("listener", listener), ("which", "lowest")]),
        .init(scores.reduce(0, +) / Double(scores.count), [("listener", listener), ("which", "mean")]),
      ]
    }
    return [
      MetricFamily(
        "kakehashi_running_calls_mos", .gauge, help: "MOS-CQ (ITU-T G.107) of calls that run, by who listens.",
        samples(calls.compactMap(\.heard.conversationalScore), "telephone") + samples(calls.compactMap(\.sentConversationalScore), "peer"))
    ]
  }
}
