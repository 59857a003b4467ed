/// Encoded packets that wait for their turn at the decoder.
///
/// A ring of octets: a packet takes the next place, and what lies there, the longest in the store, gives way.
struct PayloadStore: ~Copyable {
  struct Entry: BitwiseCopyable {
    var isUsed = false
    /// 8 kHz, unwrapped.
    var timestamp: Int64 = 0
    var sequence: Int64 = 0
    var start = 0
    var count = 0
    /// Samples of 8 kHz.
    var duration = 0
  }

  /// Octets: 600 ms at 64 kbit/s, and as much again.
  private static var capacity: Int { @_noLocks get { 9_600 } }
  private static var limit: Int { @_noLocks get { 64 } }

  private let octets: UnsafeMutableRawPointer
  private let entries: UnsafeMutablePointer<Entry>
  private var cursor = 0
  private var next = 0

  init() {
    octets = .allocate(byteCount: 9_600, alignment: 16)
    octets.initializeMemory(as: UInt8.self, repeating: 0, count: 9_600)
    entries = .allocate(capacity: 64)
    entries.initialize(repeating: Entry(), count: 64)
  }

  deinit {
    octets.deallocate()
    entries.deallocate()
  }

  @_noLocks
  mutating func clear() {
    for index in 0..<Self.limit { entries[index].isUsed = false }
    cursor = 0
  }

  @_noLocks
  mutating func add(_ payload: UnsafeRawBufferPointer, timestamp: Int64, sequence: Int64, duration: Int) {
    guard let source = payload.baseAddress, payload.count > 0, payload.count <= Self.capacity else { return }
    if cursor &+ payload.count > Self.capacity { cursor = 0 }
    let end = cursor &+ payload.count
    for index in 0..<Self.limit where entries[index].isUsed {
      let entry = entries[index]
      if entry.start < end, entry.start &+ entry.count > cursor { entries[index].isUsed = false }
    }
    (octets + cursor).copyMemory(from: source, byteCount: payload.count)
    entries[next] = Entry(
      isUsed: true, timestamp: timestamp, sequence: sequence, start: cursor, count: payload.count, duration: duration)
    next = (next &+ 1) & (Self.limit &- 1)
    cursor = end
  }

  /// The place of the packet that plays first.
  @_noLocks
  borrowing func first() -> Int? {
    var found: Int?
    var earliest = Int64.max
    for index in 0..<Self.limit where entries[index].isUsed && entries[index].timestamp < earliest {
      earliest = entries[index].timestamp
      found = index
    }
    return found
  }

  @_noLocks
  borrowing func entry(at index: Int) -> Entry { entries[index] }

  /// Valid until the next `add`.
  @_noLocks
  borrowing func payload(of entry: Entry) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: octets + entry.start, count: entry.count)
  }

  @_noLocks
  mutating func remove(at index: Int) { entries[index].isUsed = false }
}
