import Synchronization

/// How late ticks begin, in µs: written by the media thread, read by any; eight steps for each doubling.
package final class LatenessHistogram: Sendable {
  fileprivate static let bucketCount = 160

  /// The writing end; valid as long as its owner lives.
  package struct Writer: @unchecked Sendable, BitwiseCopyable {
    fileprivate let buckets: UnsafeMutablePointer<Atomic<Int>>
    fileprivate let maximum: UnsafeMutablePointer<Atomic<Int>>

    @_noLocks
    package func record(microseconds: Int) {
      let bucket = bucketIndex(microseconds)
      buckets[bucket].store(buckets[bucket].load(ordering: .relaxed) &+ 1, ordering: .relaxed)
      if microseconds > maximum.pointee.load(ordering: .relaxed) { maximum.pointee.store(microseconds, ordering: .relaxed) }
    }
  }

  package let writer: Writer

  package init() {
    let buckets = UnsafeMutablePointer<Atomic<Int>>.allocate(capacity: Self.bucketCount)
    for index in 0..<Self.bucketCount { (buckets + index).initialize(to: Atomic(0)) }
    let maximum = UnsafeMutablePointer<Atomic<Int>>.allocate(capacity: 1)
    maximum.initialize(to: Atomic(0))
    writer = Writer(buckets: buckets, maximum: maximum)
  }

  deinit {
    writer.buckets.deinitialize(count: Self.bucketCount)
    writer.buckets.deallocate()
    writer.maximum.deinitialize(count: 1)
    writer.maximum.deallocate()
  }

  package var maximum: Int { writer.maximum.pointee.load(ordering: .relaxed) }

  /// The value that the given share (0–1) of ticks did not exceed, µs, to an eighth; 0 before the first tick.
  package func quantile(_ share: Double) -> Int {
    let counts = (0..<Self.bucketCount).map { writer.buckets[$0].load(ordering: .relaxed) }
    let total = counts.reduce(0, +)
    guard total > 0 else { return 0 }
    let wanted = Int((share * Double(total)).rounded(.up))
    var seen = 0
    for (index, count) in counts.enumerated() {
      seen += count
      if seen >= max(wanted, 1) { return min(bucketUpperBound(index), maximum) }
    }
    return maximum
  }
}

@_noLocks
private func bucketIndex(_ value: Int) -> Int {
  if value < 8 { return value < 0 ? 0 : value }
  let exponent = 63 &- value.leadingZeroBitCount
  let index = (exponent &- 2) &* 8 &+ ((value &>> (exponent &- 3)) & 7)
  return index < 160 ? index : 159
}

private func bucketUpperBound(_ index: Int) -> Int {
  if index < 8 { return index }
  let exponent = index / 8 + 2
  return ((8 + index % 8 + 1) << (exponent - 3)) - 1
}
