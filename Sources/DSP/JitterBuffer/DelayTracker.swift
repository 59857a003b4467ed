/// What the delays of the last packets say about the next.
struct DelaySummary: BitwiseCopyable, Sendable, Equatable {
  /// Half of the packets came earlier than this, ns on the tracker's scale (arrival less time stamp).
  var median: Int64 = 0
  /// One packet in 200 is expected later than this, ns on the same scale; the maximum while fewer than 40 are known.
  var tail: Int64 = 0
  /// The least of those known.
  var minimum: Int64 = 0
}

/// Learns the tail of the network delay from the last 1,500 packets, and forgets when the path has changed.
///
/// Tail: the 0.9 quantile plus the mean excess over it times ln(0.1/0.005), an exponential tail fitted to the worst tenth.
/// Shift up: eight packets in a row later than all before by 10 ms. Shift down: 150 packets all well below the tail.
struct DelayTracker: ~Copyable {
  private static var window: Int { @_noLocks get { 1_500 } }
  private static var bins: Int { @_noLocks get { 256 } }

  /// Microseconds from `base`.
  private let delays: UnsafeMutablePointer<Int32>
  private let histogram: UnsafeMutablePointer<Int32>
  private var base: Int64 = 0
  private var next = 0
  private(set) var count = 0
  private var sinceSummary = 0
  private var runAbove = 0
  private var highest: Int32 = 0
  private(set) var summary = DelaySummary()

  init() {
    delays = .allocate(capacity: 1_500)
    delays.initialize(repeating: 0, count: 1_500)
    histogram = .allocate(capacity: 256)
    histogram.initialize(repeating: 0, count: 256)
  }

  deinit {
    delays.deallocate()
    histogram.deallocate()
  }

  @_noLocks
  mutating func clear() {
    count = 0
    next = 0
    sinceSummary = 0
    runAbove = 0
    summary = DelaySummary()
  }

  /// Takes the delay of one packet: arrival less its time stamp's time, ns.
  @_noLocks
  mutating func add(_ delay: Int64) {
    if count == 0 {
      base = delay
      highest = 0
    }
    let difference = (delay &- base) / 1_000
    let value =
      difference > 2_000_000_000 ? 2_000_000_000 : (difference < -2_000_000_000 ? -2_000_000_000 : Int32(truncatingIfNeeded: difference))
    let isAbove = count > 0 && Int64(value) > Int64(highest) &+ 10_000
    runAbove = isAbove ? runAbove &+ 1 : 0
    delays[next] = value
    next = next &+ 1 == Self.window ? 0 : next &+ 1
    if count < Self.window { count = count &+ 1 }
    if runAbove == 8 {
      // Only now: the reference of the run stays what was before it.
      runAbove = 0
      count = 8
      summarise()
    } else if !isAbove, value > highest {
      highest = value
    }
    sinceSummary = sinceSummary &+ 1
    if count <= 40 || sinceSummary >= 8 || delay > summary.tail { summarise() }
  }

  /// The delay `age` packets ago, microseconds from the base.
  @_noLocks
  private borrowing func recent(_ age: Int) -> Int32 {
    let index = next &- 1 &- age
    return delays[index < 0 ? index &+ Self.window : index]
  }

  @_noLocks
  private mutating func summarise() {
    sinceSummary = 0
    fit()
    guard count > 150 else { return }
    var top = recent(0)
    for age in 1..<150 where recent(age) > top { top = recent(age) }
    let tail = (summary.tail &- base) / 1_000
    let median = (summary.median &- base) / 1_000
    let spread = (tail &- median) &* 45 / 100
    if Int64(top) < tail &- (spread > 30_000 ? spread : 30_000) {
      count = 150
      fit()
    }
  }

  @_noLocks
  private mutating func fit() {
    var least = recent(0)
    var most = least
    for age in 1..<(count < 2 ? 1 : count) {
      let value = recent(age)
      if value < least { least = value }
      if value > most { most = value }
    }
    if runAbove == 0 { highest = most }
    let width = (Int64(most) &- Int64(least)) / Int64(Self.bins) &+ 1
    for bin in 0..<Self.bins { histogram[bin] = 0 }
    for age in 0..<count {
      let bin = Int((Int64(recent(age)) &- Int64(least)) / width)
      histogram[bin] = histogram[bin] &+ 1
    }
    let median = Int64(least) &+ quantile(count / 2, width: width)
    summary.minimum = base &+ Int64(least) &* 1_000
    summary.median = base &+ median &* 1_000
    guard count >= 40 else {
      summary.tail = base &+ Int64(most) &* 1_000
      return
    }
    let ninetieth = Int64(least) &+ quantile(count &* 9 / 10, width: width)
    var excess: Int64 = 0
    var above: Int64 = 0
    for age in 0..<count where Int64(recent(age)) > ninetieth {
      excess = excess &+ Int64(recent(age)) &- ninetieth
      above = above &+ 1
    }
    // ln(0.1 / 0.005) = 2.996
    let tail = above == 0 ? 0 : excess &* 2_996 / (above &* 1_000)
    summary.tail = base &+ (ninetieth &+ tail) &* 1_000
  }

  /// Microseconds above the least delay, interpolated within the bin.
  @_noLocks
  private borrowing func quantile(_ rank: Int, width: Int64) -> Int64 {
    var below = 0
    for bin in 0..<Self.bins {
      let inBin = Int(histogram[bin])
      if below &+ inBin > rank {
        return Int64(bin) &* width &+ Int64(rank &- below) &* width / Int64(inBin)
      }
      below = below &+ inBin
    }
    return Int64(Self.bins) &* width
  }
}
