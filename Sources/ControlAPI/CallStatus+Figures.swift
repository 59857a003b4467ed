extension CallStatus.Media {
  /// A figure with its name in records.
  package typealias Figure = (name: String, path: WritableKeyPath<CallStatus.Media, Double?>)

  /// The peer's reports, empty where there are none.
  package var told: CallStatus.Peer {
    get { peer ?? CallStatus.Peer() }
    set { peer = newValue == CallStatus.Peer() ? nil : newValue }
  }

  /// The figures of quality, in the order in which records keep them.
  package static var qualityFigures: [Figure] {
    [
      ("noise_in_dbm0", \.noiseInDbm0), ("network_delay_ms", \.networkDelayMs), ("buffer_delay_ms", \.bufferDelayMs),
      ("buffer_target_ms", \.bufferTargetMs), ("line_delay_ms", \.lineDelayMs), ("end_system_delay_ms", \.endSystemDelayMs),
      ("line_drift_ppm", \.lineDriftPpm), ("echo_delay_ms", \.echoDelayMs), ("loss_percent", \.lossPercent),
      ("discard_percent", \.discardPercent), ("burst_density_percent", \.burstDensityPercent), ("gap_density_percent", \.gapDensityPercent),
      ("burst_ms", \.burstMs), ("gap_ms", \.gapMs), ("r", \.r), ("mos_lq", \.mosLq), ("r_sent", \.rSent), ("mos_lq_sent", \.mosLqSent),
      ("mos_sent", \.mosSent),
      ("peer_loss_percent", \.told.lossPercent), ("peer_jitter_ms", \.told.jitterMs), ("peer_discard_percent", \.told.discardPercent),
      ("peer_burst_density_percent", \.told.burstDensityPercent), ("peer_gap_density_percent", \.told.gapDensityPercent),
      ("peer_burst_ms", \.told.burstMs), ("peer_gap_ms", \.told.gapMs), ("peer_end_system_delay_ms", \.told.endSystemDelayMs),
      ("peer_signal_dbm0", \.told.signalDbm0), ("peer_noise_dbm0", \.told.noiseDbm0),
      ("peer_echo_return_loss_db", \.told.echoReturnLossDb), ("peer_r", \.told.r), ("peer_mos_lq", \.told.mosLq), ("peer_mos", \.told.mos),
    ]
  }
}
