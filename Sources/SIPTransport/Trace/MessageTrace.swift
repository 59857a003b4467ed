import NIOCore
package import SIP

/// The latest SIP messages as they went over the wire, in a ring of bytes.
///
/// ```
///            oldest                     newest
///   ┌───────┬──────┬───────┬────┬──────┬───────┬───────────────┐
///   │       │ 17   │ 18    │ 19 │ 20   │ 21    │ next ▶        │
///   └───────┴──────┴───────┴────┴──────┴───────┴───────────────┘
/// ```
/// A message lies in one piece and costs one copy; those that it falls upon are forgotten. Nothing is parsed or masked until somebody asks.
/// One owner, one thread.
package struct MessageTrace: ~Copyable {
  /// What is kept beside a message's bytes.
  package struct Entry: Sendable {
    /// Counts all messages since the start, from 1.
    package let number: UInt64
    /// Nanoseconds of the system's monotonic clock.
    package let time: Int64
    package let isSent: Bool
    package let flow: Flow
    fileprivate let start: Int
    fileprivate let count: Int
  }

  /// Forgotten entries are moved out so many at a time.
  private static let slack = 1_024

  /// Bytes that the ring holds; 0: nothing is kept.
  package let capacity: Int
  /// Messages that are kept at most, however small they are: memory does not grow while the ring fills.
  package let mostMessages: Int
  private let storage: UnsafeMutableRawPointer?
  private var entries: [Entry] = []
  /// Those before it are forgotten.
  private var firstEntry = 0
  private var position = 0
  private var lastNumber: UInt64 = 0

  /// The memory is taken from the system as it is first written to.
  package init(capacity: Int) {
    self.capacity = max(capacity, 0)
    storage = capacity > 0 ? UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16) : nil
    mostMessages = capacity > 0 ? max(capacity / 512, 64) : 0
    if capacity > 0 { entries.reserveCapacity(mostMessages + Self.slack + 1) }
  }

  deinit { storage?.deallocate() }

  package var isOn: Bool { storage != nil }

  /// Messages that are kept.
  package var count: Int { entries.count - firstEntry }

  /// Keeps a message; one that is larger than the ring is only counted.
  package mutating func record(_ bytes: [UInt8], isSent: Bool, flow: Flow) {
    guard isOn else { return }
    record(bytes, isSent: isSent, flow: flow, time: Self.now)
  }

  package mutating func record(_ bytes: [UInt8], isSent: Bool, flow: Flow, time: Int64) {
    guard let storage else { return }
    lastNumber &+= 1
    guard bytes.count <= capacity else { return }
    if position + bytes.count > capacity {
      forget(startingIn: position...capacity)
      position = 0
    }
    let end = position + bytes.count
    if end > position { forget(startingIn: position...(end - 1)) }
    bytes.withUnsafeBytes { source in
      guard let base = source.baseAddress else { return }
      (storage + position).copyMemory(from: base, byteCount: source.count)
    }
    if count >= mostMessages { firstEntry += 1 }
    compact()
    entries.append(Entry(number: lastNumber, time: time, isSent: isSent, flow: flow, start: position, count: bytes.count))
    position = end
  }

  /// Forgets the oldest as long as they lie there.
  private mutating func forget(startingIn range: ClosedRange<Int>) {
    while firstEntry < entries.count, range.contains(entries[firstEntry].start) { firstEntry += 1 }
  }

  /// Within the room that was reserved.
  private mutating func compact() {
    guard firstEntry >= Self.slack else { return }
    entries.removeFirst(firstEntry)
    firstEntry = 0
  }

  /// Messages that there is room for before memory would grow.
  package var room: Int { entries.capacity }

  /// Nanoseconds of the clock that entries are stamped with.
  package static var now: Int64 { Int64(clamping: NIODeadline.now().uptimeNanoseconds) }

  /// A copy to be read elsewhere, of the messages after a number.
  package func snapshot(since number: UInt64 = 0) -> MessageTraceSnapshot {
    let kept = entries[firstEntry...].drop { $0.number <= number }
    let size = kept.reduce(0) { $0 + $1.count }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size)
    let copied = kept.map { entry in
      defer { if let storage { bytes.append(contentsOf: UnsafeRawBufferPointer(start: storage + entry.start, count: entry.count)) } }
      return Entry(
        number: entry.number, time: entry.time, isSent: entry.isSent, flow: entry.flow, start: bytes.count, count: entry.count)
    }
    return MessageTraceSnapshot(
      entries: copied, first: entries[firstEntry...].first?.number ?? lastNumber &+ 1, last: lastNumber, time: Self.now, bytes: bytes)
  }
}

/// What a trace held at one time.
package struct MessageTraceSnapshot: Sendable {
  /// The oldest first.
  package let entries: [MessageTrace.Entry]
  /// The number of the oldest message that is still kept; one more than `last` where none is.
  package let first: UInt64
  /// The number of the latest message.
  package let last: UInt64
  /// When it was made.
  package let time: Int64
  fileprivate let bytes: [UInt8]

  package func bytes(of entry: MessageTrace.Entry) -> [UInt8] {
    let range = entry.start..<entry.start + entry.count
    return range.upperBound <= bytes.count ? Array(bytes[range]) : []
  }
}
