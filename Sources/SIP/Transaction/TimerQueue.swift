/// A binary heap of deadlines with lazy deletion: an entry whose owner needs it no more stays until it comes first, or until such entries are most.
///
/// An owner keeps at most the earliest of its deadlines here (see `TimerSlot`), so that a call costs a handful of entries.
package struct TimerQueue<Key: Sendable>: Sendable {
  private struct Entry: Sendable {
    var deadline: Duration
    var key: Key
  }

  private var heap: [Entry] = []

  package init() {}

  package var count: Int { heap.count }
  package var nextDeadline: Duration? { heap.first?.deadline }

  package mutating func insert(_ key: Key, at deadline: Duration) {
    heap.append(Entry(deadline: deadline, key: key))
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child].deadline < heap[parent].deadline else { break }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  /// Drops entries that their owners do not need: those that come first, and all of them where there are many more than owners.
  ///
  /// - Parameter isNeeded: whether the owner waits for this very entry.
  package mutating func prune(owners: Int, _ isNeeded: (Key, Duration) -> Bool) {
    while let first = heap.first, !isNeeded(first.key, first.deadline) { _ = removeFirst(dueAt: first.deadline) }
    guard heap.count > 64, heap.count > 4 * owners else { return }
    let needed = heap.filter { isNeeded($0.key, $0.deadline) }
    heap.removeAll(keepingCapacity: false)
    for entry in needed { insert(entry.key, at: entry.deadline) }
  }

  /// Takes the earliest entry out if it is due.
  package mutating func removeFirst(dueAt now: Duration) -> Key? {
    guard let first = heap.first, first.deadline <= now else { return nil }
    let last = heap.removeLast()
    guard !heap.isEmpty else { return first.key }
    heap[0] = last
    var parent = 0
    while true {
      var smallest = parent
      let left = 2 * parent + 1
      if left < heap.count, heap[left].deadline < heap[smallest].deadline { smallest = left }
      if left + 1 < heap.count, heap[left + 1].deadline < heap[smallest].deadline { smallest = left + 1 }
      guard smallest != parent else { break }
      heap.swapAt(parent, smallest)
      parent = smallest
    }
    return first.key
  }
}

/// What an owner of deadlines remembers of its entry in a `TimerQueue`.
package struct TimerSlot: Sendable {
  /// The deadline of the entry that counts.
  package private(set) var queued: Duration?

  package init() {}

  /// Whether a new entry is needed for `deadline`; an entry that comes up too early is put back by its owner.
  package mutating func needsEntry(for deadline: Duration?) -> Bool {
    guard let deadline else { return false }
    if let queued, queued <= deadline { return false }
    queued = deadline
    return true
  }

  /// The entry came up; false: it is an older one that another has replaced.
  package mutating func fired(now: Duration) -> Bool {
    guard let queued, queued <= now else { return false }
    self.queued = nil
    return true
  }
}
