/// When something is due, for many keys with at most one deadline each; equal deadlines come in the order they were set.
///
/// A binary heap whose outdated entries are dropped when they come to the top, so that `set` costs O(log n).
package struct DeadlineQueue<Key: Hashable & Sendable>: Sendable {
  private struct Entry {
    var deadline: Duration
    var sequence: UInt64
    var key: Key

    static func < (left: Entry, right: Entry) -> Bool {
      left.deadline == right.deadline ? left.sequence < right.sequence : left.deadline < right.deadline
    }
  }

  private var heap: [Entry] = []
  private var current: [Key: Entry] = [:]
  private var sequence: UInt64 = 0

  package init() {}

  /// True: nothing is awaited.
  package var isEmpty: Bool { current.isEmpty }

  /// The earliest deadline.
  package var next: Duration? { heap.first?.deadline }

  /// Replaces the key's deadline; nil: it has none.
  package mutating func set(_ key: Key, to deadline: Duration?) {
    guard current[key]?.deadline != deadline else { return }
    if let deadline {
      sequence &+= 1
      let entry = Entry(deadline: deadline, sequence: sequence, key: key)
      current[key] = entry
      heap.append(entry)
      siftUp(from: heap.count - 1)
    } else {
      current[key] = nil
    }
    dropOutdated()
  }

  /// Takes the earliest key that is due.
  package mutating func popDue(at now: Duration) -> Key? {
    guard let first = heap.first, first.deadline <= now else { return nil }
    current[first.key] = nil
    removeFirst()
    dropOutdated()
    return first.key
  }

  private func isCurrent(_ entry: Entry) -> Bool { current[entry.key]?.sequence == entry.sequence }

  private mutating func dropOutdated() {
    while let first = heap.first, !isCurrent(first) { removeFirst() }
    // Those deep in the heap go when they outnumber what is awaited; a sorted array is a heap.
    guard heap.count > 64, heap.count > current.count * 4 else { return }
    heap = heap.filter(isCurrent).sorted { $0 < $1 }
  }

  private mutating func removeFirst() {
    let last = heap.removeLast()
    guard !heap.isEmpty else { return }
    heap[0] = last
    var index = 0
    while true {
      var child = index * 2 + 1
      guard child < heap.count else { return }
      if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
      guard heap[child] < heap[index] else { return }
      heap.swapAt(child, index)
      index = child
    }
  }

  private mutating func siftUp(from start: Int) {
    var index = start
    while index > 0 {
      let parent = (index - 1) / 2
      guard heap[index] < heap[parent] else { return }
      heap.swapAt(index, parent)
      index = parent
    }
  }
}
