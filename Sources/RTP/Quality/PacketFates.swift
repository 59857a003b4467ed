/// Follows the packets of a stream until what became of each is certain, and counts them in order.
///
/// A packet's fate is settled when the stream is 64 packets past it; what comes later than that is lost.
package struct PacketFates: BitwiseCopyable, Sendable {
  private static var window: Int64 { @_noLocks get { 64 } }

  private var meter = BurstGapMeter()
  private var highest: Int64 = 0
  private var hasBegun = false
  // Bit n: the packet n before the highest.
  private var came: UInt64 = 0
  private var discarded: UInt64 = 0
  /// Packets of the window that the stream has had at all: less than 64 in its beginning.
  private var followed: Int64 = 0

  @_noLocks
  package init() {}

  /// A packet came, and was played or was not: `isDiscarded`.
  ///
  /// Doubles change nothing, unless the first was too late.
  @_noLocks
  package mutating func note(sequence: Int64, isDiscarded: Bool) {
    guard hasBegun else {
      hasBegun = true
      highest = sequence
      followed = 1
      came = 1
      discarded = isDiscarded ? 1 : 0
      return
    }
    let ahead = sequence &- highest
    if ahead > 0 {
      advance(by: ahead)
      came |= 1
      if isDiscarded { discarded |= 1 }
      return
    }
    let behind = 0 &- ahead
    guard behind >= 0, behind < followed else { return }
    let bit: UInt64 = 1 << UInt64(behind)
    if came & bit == 0 {
      came |= bit
      if isDiscarded { discarded |= bit }
    } else if !isDiscarded {
      discarded &= ~bit
    }
  }

  @_noLocks
  private mutating func advance(by count: Int64) {
    // A jump beyond what a receiver takes for loss is a restart, which is told by `restart`.
    var left = count < 3_000 ? count : 3_000
    highest = highest &+ count
    while left > 0 {
      if followed == Self.window { settle(63, into: &meter) } else { followed = followed &+ 1 }
      came <<= 1
      discarded <<= 1
      left = left &- 1
    }
  }

  @_noLocks
  private func settle(_ index: Int64, into meter: inout BurstGapMeter) {
    let bit: UInt64 = 1 << UInt64(index)
    if came & bit == 0 { meter.lose() } else if discarded & bit != 0 { meter.discard() } else { meter.receive() }
  }

  /// Another numbering begins; what was open is settled as it stands.
  @_noLocks
  package mutating func restart() {
    meter = settled
    hasBegun = false
    followed = 0
    came = 0
    discarded = 0
  }

  /// With all of the window settled as it stands.
  private var settled: BurstGapMeter {
    @_noLocks get {
      var all = meter
      var index = followed &- 1
      while index >= 0 {
        settle(index, into: &all)
        index = index &- 1
      }
      return all
    }
  }

  /// So far, the packets under way counted as they stand.
  package var figures: BurstGapFigures {
    @_noLocks get { settled.figures }
  }

  /// Packets whose number has come or been passed.
  package var expected: Int64 {
    @_noLocks get { meter.received &+ meter.lost &+ meter.discarded &+ followed }
  }
}
