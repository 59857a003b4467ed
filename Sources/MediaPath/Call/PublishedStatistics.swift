import Synchronization

/// The newest statistics of a path: overwritten by the media thread, read by control, neither ever waiting.
///
/// A sequence lock over atomic words: odd while a write is under way.
package final class PublishedStatistics: Sendable {
  /// The writing end; valid as long as its owner lives.
  package struct Writer: @unchecked Sendable, BitwiseCopyable {
    fileprivate let words: UnsafeMutablePointer<Atomic<UInt64>>

    @_noLocks
    package func publish(_ statistics: PathStatistics) {
      let sequence = words[0].load(ordering: .relaxed)
      words[0].store(sequence &+ 1, ordering: .relaxed)
      atomicMemoryFence(ordering: .releasing)
      withUnsafeBytes(of: statistics) { bytes in
        var index = 0
        while index < PathStatistics.wordCount {
          words[index &+ 1].store(bytes.loadUnaligned(fromByteOffset: index &* 8, as: UInt64.self), ordering: .relaxed)
          index &+= 1
        }
        if PathStatistics.hasHalfWord {
          let rest = bytes.loadUnaligned(fromByteOffset: index &* 8, as: UInt32.self)
          words[index &+ 1].store(UInt64(rest), ordering: .relaxed)
        }
      }
      words[0].store(sequence &+ 2, ordering: .releasing)
    }
  }

  package let writer: Writer

  /// The sequence, the whole words, and perhaps half a word.
  private static var wordCount: Int { PathStatistics.wordCount + 2 }

  package init() {
    let words = UnsafeMutablePointer<Atomic<UInt64>>.allocate(capacity: Self.wordCount)
    for index in 0..<Self.wordCount { (words + index).initialize(to: Atomic(0)) }
    writer = Writer(words: words)
    writer.publish(PathStatistics())
  }

  deinit {
    writer.words.deinitialize(count: Self.wordCount)
    writer.words.deallocate()
  }

  /// The newest whole set of figures.
  ///
  /// Any thread but the writer's.
  package var latest: PathStatistics {
    var statistics = PathStatistics()
    while true {
      let before = writer.words[0].load(ordering: .acquiring)
      guard before & 1 == 0 else { continue }
      withUnsafeMutableBytes(of: &statistics) { bytes in
        for index in 0..<PathStatistics.wordCount {
          bytes.storeBytes(of: writer.words[index + 1].load(ordering: .relaxed), toByteOffset: index * 8, as: UInt64.self)
        }
        if PathStatistics.hasHalfWord {
          let rest = writer.words[PathStatistics.wordCount + 1].load(ordering: .relaxed)
          bytes.storeBytes(of: UInt32(truncatingIfNeeded: rest), toByteOffset: PathStatistics.wordCount * 8, as: UInt32.self)
        }
      }
      atomicMemoryFence(ordering: .acquiring)
      if writer.words[0].load(ordering: .relaxed) == before { return statistics }
    }
  }
}

extension PathStatistics {
  fileprivate static var wordCount: Int {
    @_noLocks get { MemoryLayout<PathStatistics>.size / 8 }
  }

  /// Whether four octets are left over beyond the whole words.
  fileprivate static var hasHalfWord: Bool {
    @_noLocks get { MemoryLayout<PathStatistics>.size & 7 != 0 }
  }
}
