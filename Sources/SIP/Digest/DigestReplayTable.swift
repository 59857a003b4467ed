/// Which nonces were used with which counts; a bounded table.
///
/// A nonce that was forgotten is never taken again: what is not in the table must have a serial number above every forgotten one.
struct DigestReplayTable: Sendable {
  private struct Use: Sendable {
    var highest: UInt32
    /// Bit n: `highest - n` was used.
    var window: UInt64
  }

  private let capacity: Int
  private var uses: [UInt64: Use] = [:]
  /// Serial numbers in the order of first use; those before `oldest` are forgotten.
  private var order: [UInt64] = []
  private var oldest = 0
  private var floor: UInt64 = 0

  init(capacity: Int) {
    self.capacity = max(1, capacity)
    // At once, so that memory does not grow with use.
    uses.reserveCapacity(self.capacity)
    order.reserveCapacity(self.capacity * 2 + 2)
  }

  var count: Int { uses.count }

  /// Notes a use; false when this count of this nonce was used, is too far behind (64), or may have been forgotten.
  mutating func use(serial: UInt64, count: UInt32) -> Bool {
    guard var use = uses[serial] else {
      guard serial > floor else { return false }
      insert(serial, Use(highest: count, window: 1))
      return true
    }
    if count > use.highest {
      let step = count - use.highest
      use.window = step < 64 ? use.window &<< UInt64(step) | 1 : 1
      use.highest = count
    } else {
      let behind = use.highest - count
      guard behind < 64, use.window & (1 &<< UInt64(behind)) == 0 else { return false }
      use.window |= 1 &<< UInt64(behind)
    }
    uses[serial] = use
    return true
  }

  private mutating func insert(_ serial: UInt64, _ use: Use) {
    if uses.count >= capacity {
      uses[order[oldest]] = nil
      floor = max(floor, order[oldest])
      oldest += 1
      if oldest > capacity {
        order.removeFirst(oldest)
        oldest = 0
      }
    }
    uses[serial] = use
    order.append(serial)
  }
}
