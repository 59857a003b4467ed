/// The highest packet index of a source that was believed, and which of the 128 up to it have been seen (RFC 3711, 3.3.2).
package struct ReplayWindow: BitwiseCopyable, Sendable {
  /// Packets the window reaches back, the highest included.
  package static var size: UInt64 {
    @_noLocks get { 128 }
  }

  /// 48 bits in SRTP (rollover counter and sequence number), 31 in SRTCP.
  package private(set) var highest: UInt64
  /// Bit n: `highest` − n has been seen; the first word for 0–63.
  private var recent: UInt64 = 1
  private var older: UInt64 = 0

  /// Begins with a first packet.
  @_noLocks
  package init(first index: UInt64) {
    highest = index
  }

  /// Whether the packet has not been seen and is not too old.
  @_noLocks
  package func isFresh(_ index: UInt64) -> Bool {
    guard index <= highest else { return true }
    let age = highest &- index
    if age < 64 { return recent & (1 << age) == 0 }
    if age < Self.size { return older & (1 << (age &- 64)) == 0 }
    return false
  }

  /// Notes a packet that was authentic and fresh.
  @_noLocks
  package mutating func record(_ index: UInt64) {
    guard index > highest else {
      let age = highest &- index
      if age < 64 { recent |= 1 << age } else if age < Self.size { older |= 1 << (age &- 64) }
      return
    }
    let step = index &- highest
    highest = index
    if step < 64 {
      older = older << step | recent >> (64 &- step)
      recent = recent << step | 1
    } else {
      older = step < Self.size ? recent << (step &- 64) : 0
      recent = 1
    }
  }

  /// The index a sequence number most likely stands for (RFC 3711, 3.3.1 and appendix A).
  @_noLocks
  package func estimate(_ sequence: UInt16) -> UInt64 {
    let last = UInt16(truncatingIfNeeded: highest)
    let rollover = UInt32(truncatingIfNeeded: highest >> 16)
    let guess: UInt32
    if last < 32_768 {
      guess = Int(sequence) &- Int(last) > 32_768 ? rollover &- 1 : rollover
    } else {
      guess = Int(last) &- 32_768 > Int(sequence) ? rollover &+ 1 : rollover
    }
    return UInt64(guess) << 16 | UInt64(sequence)
  }
}
