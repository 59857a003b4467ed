package import RealTime

/// What is to happen, in the order of time, and of entry where times are the same: a binary heap.
package struct Agenda<Item> {
  private struct Entry {
    let time: MediaTime
    let order: UInt64
    let item: Item

    func isBefore(_ other: Entry) -> Bool { time < other.time || (time == other.time && order < other.order) }
  }

  private var heap: [Entry] = []
  private var lastOrder: UInt64 = 0

  package init() {}

  package var count: Int { heap.count }

  /// When the next item is due; nil: there is none.
  package var next: MediaTime? { heap.first?.time }

  package mutating func add(_ item: Item, at time: MediaTime) {
    lastOrder += 1
    heap.append(Entry(time: time, order: lastOrder, item: item))
    var index = heap.count - 1
    while index > 0, heap[index].isBefore(heap[(index - 1) / 2]) {
      heap.swapAt(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
  }

  /// The first item that is due at `now`; nil: none is.
  package mutating func popDue(at now: MediaTime) -> Item? {
    guard let first = heap.first, first.time <= now else { return nil }
    let last = heap.removeLast()
    guard !heap.isEmpty else { return first.item }
    heap[0] = last
    var index = 0
    while true {
      var least = index
      for child in [2 * index + 1, 2 * index + 2] where child < heap.count && heap[child].isBefore(heap[least]) { least = child }
      guard least != index else { return first.item }
      heap.swapAt(index, least)
      index = least
    }
  }
}
