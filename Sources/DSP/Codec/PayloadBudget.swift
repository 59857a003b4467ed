/// What the packets of a second may hold together: the sizes of the newest ones, so that no second holds more than agreed.
struct PayloadBudget: BitwiseCopyable {
  private var sizes: InlineArray<128, UInt16> = InlineArray(repeating: 0)
  private var newest = 0
  private var sum = 0
  private var window = 25
  private var limit = 2_560

  init() {}

  @_noLocks
  mutating func configure(_ terms: OpusTerms) {
    let packets = terms.packetsPerSecond < 2 ? 2 : (terms.packetsPerSecond > 120 ? 120 : terms.packetsPerSecond)
    window = packets &- 1
    limit = terms.octetsPerSecond
    sum = 0
    for back in 0..<window { sum = sum &+ Int(sizes[(newest &- back) & 127]) }
  }

  /// Octets that the next packet may have.
  var available: Int {
    @_noLocks get { limit > sum ? limit &- sum : 0 }
  }

  /// The share of an even packet's octets that the next one is to have, 0.3 to 1: what went over is taken back slowly.
  var share: Float {
    @_noLocks get {
      let even = limit / (window &+ 1)
      let spare = available
      guard spare < even, even > 0 else { return 1 }
      let share = Float(spare) / Float(even)
      return share < 0.3 ? 0.3 : share
    }
  }

  /// A packet of `count` octets was sent, or none (0) where one was due.
  @_noLocks
  mutating func spend(_ count: Int) {
    newest = (newest &+ 1) & 127
    sizes[newest] = UInt16(truncatingIfNeeded: count)
    sum = sum &+ count &- Int(sizes[(newest &- window) & 127])
  }
}
