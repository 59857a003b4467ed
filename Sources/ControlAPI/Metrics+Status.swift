extension MetricFamily {
  /// What Prometheus is told of the gateway as a whole.
  package static func families(of status: GatewayStatus) -> [MetricFamily] {
    [
      MetricFamily("kakehashi_info", .gauge, help: "Name and version.", [.init(1, [("name", status.name), ("version", status.version)])]),
      MetricFamily("kakehashi_uptime_seconds", .gauge, help: "Time since the start.", [.init(status.uptimeS)]),
      MetricFamily(
        "kakehashi_lines", .gauge, help: "Telephone lines by state.",
        [
          .init(Double(status.lines.free), [("state", "free")]), .init(Double(status.lines.inUse), [("state", "in_use")]),
          .init(Double(status.lines.guarded), [("state", "guarded")]), .init(Double(status.lines.failed), [("state", "failed")]),
        ]),
      MetricFamily("kakehashi_calls_active", .gauge, help: "Calls that run.", status.calls.active),
      MetricFamily(
        "kakehashi_calls_total", .counter, help: "Calls since the start by outcome.",
        [.init(Double(status.calls.answered), [("outcome", "answered")]), .init(Double(status.calls.failed), [("outcome", "failed")])]),
      MetricFamily("kakehashi_accounts_registered", .gauge, help: "Accounts with a registered contact.", status.sip.registered),
      MetricFamily(
        "kakehashi_sip_messages_total", .counter, help: "SIP messages by direction.",
        [
          .init(Double(status.sip.messagesReceived), [("direction", "received")]),
          .init(Double(status.sip.messagesSent), [("direction", "sent")]),
        ]),
      MetricFamily("kakehashi_sip_unparsable_total", .counter, help: "Bytes received that were no SIP message.", status.sip.unparsable),
      MetricFamily(
        "kakehashi_sip_unauthenticated_total", .counter, help: "Calls and registrations refused for want of credentials.",
        status.sip.unauthenticated),
      MetricFamily("kakehashi_sip_connections", .gauge, help: "TCP and TLS connections.", status.sip.connections),
      MetricFamily("kakehashi_media_ticks_total", .counter, help: "Wake-ups of the media thread, one each 10 ms.", status.media.ticks),
      MetricFamily("kakehashi_media_missed_ticks_total", .counter, help: "Wake-ups that came too late.", status.media.missedTicks),
      MetricFamily(
        "kakehashi_media_late_p99_seconds", .gauge, help: "By how much 99 of 100 wake-ups were late at most.",
        status.media.lateUsP99.map { [.init($0 / 1_000_000)] } ?? []),
      MetricFamily("kakehashi_media_ports", .gauge, help: "UDP ports open for RTP and RTCP.", status.media.ports),
      MetricFamily(
        "kakehashi_rtp_packets_total", .counter, help: "RTP packets.",
        [
          .init(Double(status.media.packetsReceived), [("direction", "received")]),
          .init(Double(status.media.packetsSent), [("direction", "sent")]),
          .init(Double(status.media.packetsFromStrangers), [("direction", "ignored")]),
        ]),
      MetricFamily(
        "kakehashi_srtp_packets_rejected_total", .counter, help: "Packets of secure calls that were not believed.",
        [
          .init(Double(status.media.packetsUnauthentic), [("reason", "unauthentic")]),
          .init(Double(status.media.packetsReplayed), [("reason", "replayed")]),
        ]),
    ]
  }

  /// What Prometheus is told of each line; a call's numbers never become labels.
  package static func families(of lines: [LineStatus]) -> [MetricFamily] {
    func each(_ value: (LineStatus) -> Double?) -> [Sample] {
      lines.compactMap { line in value(line).map { Sample($0, [("line", line.name), ("group", line.group)]) } }
    }
    return [
      MetricFamily("kakehashi_line_usable", .gauge, help: "1 unless the line has failed.", each { $0.state == "failed" ? 0 : 1 }),
      MetricFamily("kakehashi_line_in_use", .gauge, help: "1 while the line carries a call.", each { $0.callId == nil ? 0 : 1 }),
      MetricFamily("kakehashi_line_level_in_dbm0", .gauge, help: "Level from the line.", each { $0.health.levelInDbm0 }),
      MetricFamily(
        "kakehashi_line_noise_dbm0", .gauge, help: "Noise from the line beneath speech, while it is in use.", each { $0.health.noiseInDbm0 }
      ),
      MetricFamily(
        "kakehashi_line_echo_return_loss_db", .gauge, help: "By how much the line's echo is below what it is fed, while it is in use.",
        each { $0.health.echoReturnLossDb }),
      MetricFamily(
        "kakehashi_line_erle_db", .gauge, help: "By how much that echo is cancelled, while the line is in use.", each { $0.health.erleDb }),
      MetricFamily("kakehashi_line_drift_ppm", .gauge, help: "Offset of the line's clock.", each { $0.health.driftPpm }),
      MetricFamily(
        "kakehashi_line_overruns_total", .counter, help: "Frames from the line that were dropped.", each { Double($0.health.overruns) }),
      MetricFamily(
        "kakehashi_line_underruns_total", .counter, help: "Frames the line had to make up.", each { Double($0.health.underruns) }),
    ]
  }
}
