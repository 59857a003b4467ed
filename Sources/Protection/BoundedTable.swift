/// A table of bounded size in which the least valuable entry makes room for a new one.
///
/// To find it, eight entries are looked at, picked at random: the cost does not grow with the table, and nobody outside can tell which
/// ones will be picked. An entry that is worth more than most is practically never among the losers.
struct BoundedTable<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private static var candidates: Int { 8 }

  let capacity: Int
  private(set) var evictions = 0
  private var slots: [(key: Key, value: Value)] = []
  private var index: [Key: Int] = [:]
  private var random: UInt64

  init(capacity: Int, seed: UInt64) {
    self.capacity = max(1, capacity)
    random = seed
  }

  var count: Int { slots.count }
  var entries: [(key: Key, value: Value)] { slots }

  subscript(_ key: Key) -> Value? { index[key].map { slots[$0].value } }

  /// Changes an entry in place; nil when there is none.
  mutating func update<Result>(_ key: Key, _ change: (inout Value) -> Result) -> Result? {
    guard let slot = index[key] else { return nil }
    return change(&slots[slot].value)
  }

  /// Puts an entry in; `worth` decides who makes room where the table is full.
  mutating func insert(_ key: Key, _ value: Value, worth: (Value) -> Double) {
    if let slot = index[key] {
      slots[slot].value = value
      return
    }
    guard slots.count >= capacity else {
      index[key] = slots.count
      slots.append((key, value))
      return
    }
    var loser = 0
    var least = Double.infinity
    for _ in 0..<Self.candidates {
      let candidate = nextSlot()
      let worth = worth(slots[candidate].value)
      if worth < least { (loser, least) = (candidate, worth) }
    }
    evictions += 1
    index[slots[loser].key] = nil
    index[key] = loser
    slots[loser] = (key, value)
  }

  @discardableResult
  mutating func remove(_ key: Key) -> Value? {
    guard let slot = index.removeValue(forKey: key) else { return nil }
    let removed = slots[slot].value
    if let last = slots.popLast(), slot < slots.count {
      slots[slot] = last
      index[last.key] = slot
    }
    return removed
  }

  /// SplitMix64.
  private mutating func nextSlot() -> Int {
    random &+= 0x9e37_79b9_7f4a_7c15
    var mixed = random
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return Int((mixed ^ mixed >> 31) % UInt64(slots.count))
  }
}
