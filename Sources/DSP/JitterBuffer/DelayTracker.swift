import RealTime

/// What the delays of the last packets say about the next.
struct DelaySummary: BitwiseCopyable, Sendable, Equatable {
  /// Half of the packets came earlier than this, ns on the tracker's scale (arrival less time stamp).
  var median: Int64 = 0
  /// A few packets in a thousand are expected later than this, ns on the same scale; the maximum while fewer than 40 are known.
  var tail: Int64 = 0
  /// The least of those known.
  var minimum: Int64 = 0
}

/// Learns the tail of the network delay from the last 1,500 packets, and follows when the path has changed.
///
/// Tail: the 0.9 quantile plus the mean excess over it times ln(0.1/0.0043), an exponential tail fitted to the worst tenth, but
/// little above the latest seen. Where packets keep their order, one that is late holds up those behind it, and a miss costs more: ln(0.1/0.0018).
/// Shift: eight packets in a row later than all before by 10 ms, or earlier; what is known of the spread is moved along with them.
/// Calm: 300 packets all well below the tail; what was before them is forgotten.
struct DelayTracker: ~Copyable {
  private static var window: Int { @_noLocks get { 1_500 } }
  private static var bins: Int { @_noLocks get { 256 } }
  /// What delays are kept in, ns: one sample.
  private static var unit: Int64 { @_noLocks get { 125_000 } }
  private static var reach: Int64 { @_noLocks get { 30_000 } }
  /// 10 ms.
  private static var step: Int64 { @_noLocks get { 80 } }
  private static var calm: Int { @_noLocks get { 300 } }

  /// In samples of 8 kHz from `base`.
  private let delays: UnsafeMutablePointer<Int16>
  private var base: Int64 = 0
  private var next = 0
  private(set) var count = 0
  private var sinceSummary = 0
  private var sinceReordered = 0
  private var runAbove = 0
  private var runBelow = 0
  private var sinceBelow = 16
  /// Of those known before the runs.
  private var highest: Int64 = 0
  private var lowest: Int64 = 0
  private(set) var summary = DelaySummary()

  init() {
    delays = .allocate(capacity: 1_500)
    delays.initialize(repeating: 0, count: 1_500)
  }

  deinit {
    delays.deallocate()
  }

  @_noLocks
  mutating func clear() {
    count = 0
    next = 0
    sinceSummary = 0
    sinceReordered = 0
    runAbove = 0
    runBelow = 0
    sinceBelow = 16
    summary = DelaySummary()
  }

  /// Takes the delay of one packet: arrival less its time stamp's time, ns.
  @_noLocks
  mutating func add(_ delay: Int64, isReordered: Bool = false) {
    if count == 0 {
      base = delay
      highest = 0
      lowest = 0
    }
    let value = moveBase(toward: (delay &- base) / Self.unit)
    sinceReordered = isReordered ? 0 : sinceReordered &+ 1
    runAbove = count > 0 && value > highest &+ Self.step ? runAbove &+ 1 : 0
    runBelow = count >= 50 && value < lowest &- Self.step ? runBelow &+ 1 : 0
    delays[next] = Int16(truncatingIfNeeded: value)
    next = next &+ 1 == Self.window ? 0 : next &+ 1
    if count < Self.window { count = count &+ 1 }
    if runAbove == 8 || runBelow == 8 {
      runAbove = 0
      runBelow = 0
      sinceBelow = 16
      shift()
    } else {
      if runAbove == 0, value > highest { highest = value }
      // When the way becomes shorter, packets of both ways come mixed for a while.
      sinceBelow = runBelow > 0 ? 0 : sinceBelow &+ 1
      if runBelow == 0, value < lowest { lowest = value }
    }
    sinceSummary = sinceSummary &+ 1
    if count <= 40 || sinceSummary >= 8 || delay > summary.tail { summarise() }
  }

  /// Clocks that disagree carry the delays away from the base in hours: it follows, and what is out of reach is bounded.
  @_noLocks
  private mutating func moveBase(toward value: Int64) -> Int64 {
    guard value > Self.reach / 2 || value < 0 &- Self.reach / 2 else { return value }
    let change = (summary.median &- base) / Self.unit
    translate(from: 0, by: 0 &- change)
    base = base &+ change &* Self.unit
    highest = highest &- change
    lowest = lowest &- change
    return Self.bounded(value &- change)
  }

  @_noLocks
  private static func bounded(_ value: Int64) -> Int64 {
    value > reach ? reach : (value < 0 &- reach ? 0 &- reach : value)
  }

  /// Moves the delays known, but for the newest `age`.
  @_noLocks
  private mutating func translate(from age: Int, by change: Int64) {
    var age = age
    while age < count {
      let index = next &- 1 &- age
      let slot = index < 0 ? index &+ Self.window : index
      delays[slot] = Int16(truncatingIfNeeded: Self.bounded(Int64(delays[slot]) &+ change))
      age = age &+ 1
    }
  }

  /// The last eight went another way than those before, which are moved along: their spread still holds.
  @_noLocks
  private mutating func shift() {
    if count < 40 {
      count = 8
    } else {
      var sum: Int64 = 0
      for age in 0..<8 { sum = sum &+ recent(age) }
      translate(from: 8, by: sum / 8 &- (summary.median &- base) / Self.unit)
    }
    summarise()
  }

  /// The delay `age` packets ago, in units from the base.
  @_noLocks
  private borrowing func recent(_ age: Int) -> Int64 {
    let index = next &- 1 &- age
    return Int64(delays[index < 0 ? index &+ Self.window : index])
  }

  @_noLocks
  private mutating func summarise() {
    sinceSummary = 0
    fit()
    guard count > Self.calm else { return }
    var top = recent(0)
    for age in 1..<Self.calm where recent(age) > top { top = recent(age) }
    let tail = (summary.tail &- base) / Self.unit
    let spread = (summary.tail &- summary.median) / Self.unit &* 45 / 100
    if top < tail &- (spread > 240 ? spread : 240) {
      count = Self.calm
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
    if sinceBelow >= 16 { lowest = least }
    let width = (most &- least) / Int64(Self.bins) &+ 1
    var histogram = InlineArray<256, Int32>(repeating: 0)
    for age in 0..<count {
      let bin = Int((recent(age) &- least) / width)
      histogram[bin] = histogram[bin] &+ 1
    }
    let median = Self.quantile(histogram, count / 2, width: width)
    summary.minimum = base &+ least &* Self.unit
    summary.median = base &+ least &* Self.unit &+ median
    guard count >= 40 else {
      summary.tail = base &+ most &* Self.unit
      return
    }
    let ninetieth = Self.quantile(histogram, count &* 9 / 10, width: width)
    summary.tail = base &+ least &* Self.unit &+ tail(beyond: ninetieth, least: least, most: most)
  }

  /// The tail above the least delay, ns, from the 0.9 quantile above it, ns.
  @_noLocks
  private borrowing func tail(beyond ninetieth: Int64, least: Int64, most: Int64) -> Int64 {
    var excess: Int64 = 0
    var above: Int64 = 0
    for age in 0..<count {
      let delay = (recent(age) &- least) &* Self.unit
      guard delay > ninetieth else { continue }
      excess = excess &+ delay &- ninetieth
      above = above &+ 1
    }
    let mean = above == 0 ? 0 : excess / above
    // ln(0.1 / 0.0043) and ln(0.1 / 0.0018), thousandths.
    let tail = ninetieth &+ mean &* (sinceReordered > 250 ? 4_000 : 3_150) / 1_000
    // Two modes are no tail: no more above the latest than what too few packets may not have shown yet, and 5 ms.
    var limit = (most &- least) &* Self.unit &+ 5_000_000
    if count < 200 { limit = limit &+ Int64(Float(mean) * RealTimeMath.naturalLogarithm(200 / Float(count))) }
    return tail < limit ? tail : limit
  }

  /// ns above the least delay, interpolated within the bin.
  @_noLocks
  private static func quantile(_ histogram: borrowing InlineArray<256, Int32>, _ rank: Int, width: Int64) -> Int64 {
    var below = 0
    for bin in 0..<bins {
      let inBin = Int(histogram[bin])
      if below &+ inBin > rank {
        return (Int64(bin) &* width &* unit) &+ Int64(rank &- below) &* width &* unit / Int64(inBin)
      }
      below = below &+ inBin
    }
    return Int64(bins) &* width &* unit
  }
}
