//  Bursts and gaps of RFC 3611, 4.7.2: a burst begins and ends with a missing packet, has at least two of them, and
//  never as many as 16 packets in a row that came; what is between bursts is a gap, lone losses included.
//
//    came came … came MISSING came came MISSING MISSING came … (16 and more) … MISSING came …
//    └──── gap ────┘└────────── burst ─────────┘└────────────── gap ──────────────────────┘

/// Counts packets into bursts and gaps, in the order of their numbers, as each one's fate is known.
///
/// The run in hand is counted as it stands; nothing is estimated.
package struct BurstGapMeter: BitwiseCopyable, Sendable {
  /// Gmin: packets in a row that end a burst.
  package static var minimumGap: Int64 { @_noLocks get { 16 } }

  package private(set) var received: Int64 = 0
  package private(set) var lost: Int64 = 0
  package private(set) var discarded: Int64 = 0

  // What is closed.
  private var bursts: Int64 = 0
  private var burstPackets: Int64 = 0
  private var burstMissing: Int64 = 0
  private var gaps: Int64 = 0
  private var gapPackets: Int64 = 0
  private var gapMissing: Int64 = 0
  // The gap that may still grow: what it holds since the last burst.
  private var openGapPackets: Int64 = 0
  private var openGapMissing: Int64 = 0
  // From the first missing packet of what may become a burst to the last.
  private var runPackets: Int64 = 0
  private var runMissing: Int64 = 0
  /// Packets since the last missing one.
  private var sinceMissing: Int64 = 0
  // Changes, for the burst ratio.
  private var missingRuns: Int64 = 0

  @_noLocks
  package init() {}

  /// This many came in a row.
  @_noLocks
  package mutating func receive(_ count: Int64 = 1) {
    received = received &+ count
    sinceMissing = sinceMissing &+ count
  }

  /// One never came.
  @_noLocks
  package mutating func lose() {
    lost = lost &+ 1
    miss()
  }

  /// One came too late to be played.
  @_noLocks
  package mutating func discard() {
    discarded = discarded &+ 1
    miss()
  }

  @_noLocks
  private mutating func miss() {
    if sinceMissing > 0 || missingRuns == 0 { missingRuns = missingRuns &+ 1 }
    if runMissing == 0 || sinceMissing >= Self.minimumGap {
      closeRun()
      openGapPackets = openGapPackets &+ sinceMissing
      runPackets = 1
      runMissing = 1
    } else {
      runPackets = runPackets &+ sinceMissing &+ 1
      runMissing = runMissing &+ 1
    }
    sinceMissing = 0
  }

  /// A lone loss belongs to the gap around it; more are a burst, and the gap before it is over.
  @_noLocks
  private mutating func closeRun() {
    if runMissing > 1 {
      closeGap()
      bursts = bursts &+ 1
      burstPackets = burstPackets &+ runPackets
      burstMissing = burstMissing &+ runMissing
    } else {
      openGapPackets = openGapPackets &+ runPackets
      openGapMissing = openGapMissing &+ runMissing
    }
    runPackets = 0
    runMissing = 0
  }

  @_noLocks
  private mutating func closeGap() {
    guard openGapPackets > 0 else { return }
    gaps = gaps &+ 1
    gapPackets = gapPackets &+ openGapPackets
    gapMissing = gapMissing &+ openGapMissing
    openGapPackets = 0
    openGapMissing = 0
  }

  /// What has been counted so far.
  package var figures: BurstGapFigures {
    @_noLocks get {
      var all = self
      all.closeRun()
      all.openGapPackets = all.openGapPackets &+ all.sinceMissing
      all.closeGap()
      let missing = lost &+ discarded
      var ratio: Float = 1
      // Too few losses tell nothing of how they bunch.
      if missing >= 8, received > 0, missingRuns > 0 {
        let begins = Float(missingRuns) / Float(received)
        let ends = Float(missingRuns) / Float(missing)
        ratio = 1 / (begins + ends)
      }
      return BurstGapFigures(
        lossFraction: Self.part(lost, of: received &+ missing), discardFraction: Self.part(discarded, of: received &+ missing),
        burstDensity: Self.part(all.burstMissing, of: all.burstPackets), gapDensity: Self.part(all.gapMissing, of: all.gapPackets),
        burstPackets: all.bursts > 0 ? Float(all.burstPackets) / Float(all.bursts) : 0,
        gapPackets: all.gaps > 0 ? Float(all.gapPackets) / Float(all.gaps) : 0, burstRatio: ratio)
    }
  }

  @_noLocks
  private static func part(_ count: Int64, of all: Int64) -> Float { all > 0 ? Float(count) / Float(all) : 0 }
}

/// Loss, and how it bunches.
package struct BurstGapFigures: BitwiseCopyable, Sendable, Equatable {
  /// 0–1, as all fractions here.
  package var lossFraction: Float
  package var discardFraction: Float
  /// Missing within bursts.
  package var burstDensity: Float
  /// Missing within gaps.
  package var gapDensity: Float
  /// Mean length of the bursts, packets; 0: there were none.
  package var burstPackets: Float
  /// Mean length of the gaps, packets.
  package var gapPackets: Float
  /// BurstR of G.107: mean run of losses against what chance would give.
  package var burstRatio: Float

  @_noLocks
  package init(
    lossFraction: Float, discardFraction: Float, burstDensity: Float, gapDensity: Float, burstPackets: Float, gapPackets: Float,
    burstRatio: Float
  ) {
    self.lossFraction = lossFraction
    self.discardFraction = discardFraction
    self.burstDensity = burstDensity
    self.gapDensity = gapDensity
    self.burstPackets = burstPackets
    self.gapPackets = gapPackets
    self.burstRatio = burstRatio
  }
}
