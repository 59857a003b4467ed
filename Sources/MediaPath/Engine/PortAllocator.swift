/// Chooses even RTP ports from a range, with the odd port above for RTCP, and goes round so that a port rests after use.
package struct PortAllocator: Sendable {
  /// The even ports that may be used.
  private let first: UInt16
  private let pairs: Int
  private var next = 0
  private var used: Set<UInt16> = []

  /// Ports `range` inclusive; an odd first or an even last port stays unused.
  package init(range: ClosedRange<UInt16>) {
    let lower = Int(range.lowerBound) + Int(range.lowerBound) % 2
    first = UInt16(clamping: lower)
    pairs = max(0, (Int(range.upperBound) - lower + 1) / 2)
  }

  /// Pairs in all.
  package var capacity: Int { pairs }

  /// Pairs taken and not released.
  package var inUse: Int { used.count }

  /// Takes the next free pair; nil when all are taken.
  ///
  /// The caller binds it, and asks again where the kernel refuses.
  package mutating func take() -> UInt16? {
    guard used.count < pairs else { return nil }
    for _ in 0..<pairs {
      let port = first + UInt16(2 * next)
      next = (next + 1) % pairs
      if used.insert(port).inserted { return port }
    }
    return nil
  }

  package mutating func release(_ port: UInt16) {
    used.remove(port)
  }
}
