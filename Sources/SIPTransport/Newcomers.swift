/// Accepted connections that have not brought a message yet, in the order in which they came.
struct Newcomers {
  private var silent: Set<UInt64> = []
  private var order: [UInt64] = []
  private var head = 0

  var count: Int { silent.count }

  mutating func add(_ id: UInt64) {
    silent.insert(id)
    order.append(id)
    skip()
  }

  /// It has spoken, or is gone.
  mutating func remove(_ id: UInt64) { silent.remove(id) }

  /// The one that came first.
  var oldest: UInt64? { head < order.count && silent.contains(order[head]) ? order[head] : order[head...].first { silent.contains($0) } }

  private mutating func skip() {
    while head < order.count, !silent.contains(order[head]) { head += 1 }
    guard head > 1024, head > order.count / 2 else { return }
    order.removeFirst(head)
    head = 0
  }
}
