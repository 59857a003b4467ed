/// Which sequence numbers came: doubles, losses, and the share lost lately.
struct ArrivalLedger: BitwiseCopyable, Sendable {
  /// What a sequence number is to the ledger.
  enum Entry: BitwiseCopyable {
    case first
    case duplicate
  }

  private(set) var received: Int64 = 0
  private(set) var duplicates: Int64 = 0
  private(set) var reordered: Int64 = 0
  private(set) var highest: Int64?
  private var base: Int64 = 0
  /// Bit n: `highest - n` has come; 64 numbers, beyond which none is taken as a double.
  private var window: UInt64 = 0
  private var expectedAtMark: Int64 = 0
  private var missingAtMark: Int64 = 0
  private var lossBefore: Float = 0
  private var lossNow: Float = 0

  init() {}

  /// Enters one packet.
  @_noLocks
  mutating func enter(_ sequence: Int64) -> Entry {
    guard let top = highest else {
      highest = sequence
      base = sequence
      window = 1
      received = 1
      return .first
    }
    let step = sequence &- top
    if step > 0 {
      window = step >= 64 ? 1 : (window << UInt64(step)) | 1
      highest = sequence
    } else {
      let behind = 0 &- step
      if behind < 64 {
        let bit: UInt64 = 1 << UInt64(behind)
        if window & bit != 0 {
          duplicates = duplicates &+ 1
          return .duplicate
        }
        window |= bit
      }
      if sequence < base { base = sequence }
      reordered = reordered &+ 1
    }
    received = received &+ 1
    if expected &- expectedAtMark >= 250 { mark() }
    return .first
  }

  private var expected: Int64 {
    @_noLocks get {
      guard let top = highest else { return 0 }
      return top &- base &+ 1
    }
  }

  @_noLocks
  private mutating func mark() {
    let expectedNow = expected &- expectedAtMark
    // What is missing of the newest 32 may have been overtaken only.
    let pending = 32 &- (UInt32(truncatingIfNeeded: window)).nonzeroBitCount
    let missing = expected &- received &- Int64(pending)
    let lost = missing &- missingAtMark
    expectedAtMark = expected
    missingAtMark = missing
    lossBefore = lossNow
    lossNow = lost > 0 ? Float(lost) / Float(expectedNow) : 0
  }

  /// Packets that never came, of those up to the highest number.
  var lost: Int64 {
    @_noLocks get { expected > received ? expected &- received : 0 }
  }

  /// The share lost over about the last 10 s of packets of 20 ms, 0–1.
  var recentLoss: Float {
    @_noLocks get { (lossBefore + lossNow) / 2 }
  }
}
