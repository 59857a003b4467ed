/// Sequence numbers of 16 bits as 64-bit numbers that do not wrap: each is taken as the one nearest the highest so far.
package struct SequenceUnwrapper: BitwiseCopyable, Sendable {
  private var highest: Int64?

  package init() {}

  /// The number as it stands in the stream; the first is given back as it is.
  @_noLocks
  package mutating func unwrap(_ sequence: UInt16) -> Int64 {
    guard let last = highest else {
      highest = Int64(sequence)
      return Int64(sequence)
    }
    let step = Int16(truncatingIfNeeded: Int64(sequence) &- last)
    let value = last &+ Int64(step)
    if value > last { highest = value }
    return value
  }

  /// Forgets the stream, for a new source.
  @_noLocks
  package mutating func reset() {
    highest = nil
  }
}

/// Time stamps of 32 bits as 64-bit numbers that do not wrap.
package struct TimestampUnwrapper: BitwiseCopyable, Sendable {
  private var highest: Int64?

  package init() {}

  /// The time stamp as it stands in the stream; the first is given back as it is.
  @_noLocks
  package mutating func unwrap(_ timestamp: UInt32) -> Int64 {
    guard let last = highest else {
      highest = Int64(timestamp)
      return Int64(timestamp)
    }
    let step = Int32(truncatingIfNeeded: Int64(timestamp) &- last)
    let value = last &+ Int64(step)
    if value > last { highest = value }
    return value
  }

  /// Forgets the stream, for a new source.
  @_noLocks
  package mutating func reset() {
    highest = nil
  }
}
