package import RealTime

/// Wall-clock time as RTCP carries it: seconds since 1900 in 32.32 fixed point (RFC 3550, 4).
package struct NTPTime: BitwiseCopyable, Sendable, Equatable {
  package var value: UInt64

  @_noLocks
  package init(value: UInt64) {
    self.value = value
  }

  /// From nanoseconds since 1970.
  @_noLocks
  package init(wallClockNanoseconds nanoseconds: Int64) {
    let seconds = nanoseconds / 1_000_000_000
    let rest = UInt64(truncatingIfNeeded: nanoseconds &- seconds &* 1_000_000_000)
    value = UInt64(truncatingIfNeeded: seconds &+ 2_208_988_800) << 32 | (rest << 32) / 1_000_000_000
  }

  /// The middle 32 bits: 16.16 fixed point seconds.
  package var middle: UInt32 {
    @_noLocks get { UInt32(truncatingIfNeeded: value >> 16) }
  }
}

/// What one receiver tells of one source (RFC 3550, 6.4.1).
package struct ReportBlock: BitwiseCopyable, Sendable, Equatable {
  package var source: UInt32
  /// Loss since the report before, in 256ths.
  package var fractionLost: UInt8
  /// Since the start; from -8,388,608 to 8,388,607.
  package var cumulativeLost: Int32
  package var extendedHighestSequence: UInt32
  /// Time stamp units.
  package var jitter: UInt32
  /// The middle of the last sender report's NTP time; 0 when none came.
  package var lastSenderReport: UInt32
  /// 65,536ths of a second since it came.
  package var delaySinceLastSenderReport: UInt32

  @_noLocks
  package init(
    source: UInt32, fractionLost: UInt8 = 0, cumulativeLost: Int32 = 0, extendedHighestSequence: UInt32 = 0, jitter: UInt32 = 0,
    lastSenderReport: UInt32 = 0, delaySinceLastSenderReport: UInt32 = 0
  ) {
    self.source = source
    self.fractionLost = fractionLost
    self.cumulativeLost = cumulativeLost
    self.extendedHighestSequence = extendedHighestSequence
    self.jitter = jitter
    self.lastSenderReport = lastSenderReport
    self.delaySinceLastSenderReport = delaySinceLastSenderReport
  }

  /// Fills a block from what was counted; asks for the fraction lost, so once a report.
  @_noLocks
  package init(source: UInt32, statistics: inout ReceptionStatistics, lastSenderReport: UInt32, sinceSenderReport: MediaTime) {
    let lost = statistics.lost
    self.init(
      source: source, fractionLost: statistics.takeFractionLost(),
      cumulativeLost: lost > 0x7F_FFFF ? 0x7F_FFFF : (lost < -0x80_0000 ? -0x80_0000 : Int32(truncatingIfNeeded: lost)),
      extendedHighestSequence: statistics.extendedHighestSequence, jitter: statistics.jitter, lastSenderReport: lastSenderReport,
      delaySinceLastSenderReport: lastSenderReport == 0
        ? 0 : UInt32(truncatingIfNeeded: sinceSenderReport.nanoseconds / 1_000 &* 65_536 / 1_000_000))
  }

  /// Network round trip, for the one who sent the sender report this block answers; nil when it answers none or the
  /// times make no sense (more than 10 s).
  @_noLocks
  package func roundTrip(now: NTPTime) -> MediaTime? {
    guard lastSenderReport != 0 else { return nil }
    let units = now.middle &- lastSenderReport &- delaySinceLastSenderReport
    // A few units below zero are rounding.
    if Int32(truncatingIfNeeded: units) < 0 {
      return Int32(truncatingIfNeeded: units) > -66 ? MediaTime(nanoseconds: 0) : nil
    }
    guard units <= 655_360 else { return nil }
    return MediaTime(nanoseconds: Int64(units) &* 1_000_000_000 / 65_536)
  }
}

/// The sender's part of a sender report (RFC 3550, 6.4.1).
package struct SenderInformation: BitwiseCopyable, Sendable, Equatable {
  package var time: NTPTime
  /// The RTP time stamp of that moment.
  package var timestamp: UInt32
  package var packets: UInt32
  package var octets: UInt32

  @_noLocks
  package init(time: NTPTime, timestamp: UInt32, packets: UInt32, octets: UInt32) {
    self.time = time
    self.timestamp = timestamp
    self.packets = packets
    self.octets = octets
  }
}
