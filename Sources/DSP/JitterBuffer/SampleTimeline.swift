/// Samples by RTP time stamp: what was heard before the playout position, what has arrived after it.
///
/// ```
///      heard (history, 1 s less what is ahead)        ahead (at most 600 ms)
///  ──────────────────────────────────────────────┬──────────────────────────▶ time stamp
///   real, concealed or stretched: all marked      position   real ▓▓▓▓  gap ░░  real ▓▓▓
/// ```
///
/// A circle of 8,192 samples with a mark for each that is there.
struct SampleTimeline: ~Copyable {
  static var capacity: Int { @_noLocks get { 8_192 } }
  private static var mask: Int64 { @_noLocks get { 8_191 } }

  private let samples: UnsafeMutablePointer<Int16>
  private let marks: UnsafeMutablePointer<UInt64>

  init() {
    samples = .allocate(capacity: 8_192)
    samples.initialize(repeating: 0, count: 8_192)
    marks = .allocate(capacity: 128)
    marks.initialize(repeating: 0, count: 128)
  }

  deinit {
    samples.deallocate()
    marks.deallocate()
  }

  /// Forgets everything.
  @_noLocks
  mutating func clear() {
    for index in 0..<128 { marks[index] = 0 }
    for index in 0..<8_192 { samples[index] = 0 }
  }

  @_noLocks
  borrowing func isPresent(_ position: Int64) -> Bool {
    let slot = Int(position & Self.mask)
    return marks[slot >> 6] & (1 << UInt64(slot & 63)) != 0
  }

  /// The sample at `position`; what stood there before, or 0, where none is marked.
  @_noLocks
  borrowing func sample(at position: Int64) -> Int16 {
    samples[Int(position & Self.mask)]
  }

  @_noLocks
  mutating func put(_ sample: Int16, at position: Int64) {
    let slot = Int(position & Self.mask)
    samples[slot] = sample
    marks[slot >> 6] |= 1 << UInt64(slot & 63)
  }

  /// Takes the marks off `count` samples (at most the capacity).
  @_noLocks
  mutating func erase(from position: Int64, count: Int) {
    let limit = count > 8_192 ? 8_192 : count
    var index = 0
    while index < limit {
      let slot = Int((position &+ Int64(index)) & Self.mask)
      if slot & 63 == 0, limit &- index >= 64 {
        marks[slot >> 6] = 0
        index = index &+ 64
      } else {
        marks[slot >> 6] &= ~(1 << UInt64(slot & 63))
        index = index &+ 1
      }
    }
  }

  /// How many samples from `position` on are there without a gap, at most `limit`.
  @_noLocks
  borrowing func presentRun(from position: Int64, limit: Int) -> Int {
    run(from: position, limit: limit, skipping: .max)
  }

  /// How many samples from `position` on are missing, at most `limit`.
  @_noLocks
  borrowing func missingRun(from position: Int64, limit: Int) -> Int {
    run(from: position, limit: limit, skipping: 0)
  }

  @_noLocks
  private borrowing func run(from position: Int64, limit: Int, skipping whole: UInt64) -> Int {
    let present = whole != 0
    var index = 0
    while index < limit {
      let slot = Int((position &+ Int64(index)) & Self.mask)
      if slot & 63 == 0, marks[slot >> 6] == whole {
        index = index &+ 64
      } else if (marks[slot >> 6] & (1 << UInt64(slot & 63)) != 0) == present {
        index = index &+ 1
      } else {
        return index
      }
    }
    return limit
  }

  /// The mean square of `count` samples.
  @_noLocks
  borrowing func meanSquare(from position: Int64, count: Int) -> Float {
    guard count > 0 else { return 0 }
    var sum: Int64 = 0
    for index in 0..<count {
      let sample = Int64(samples[Int((position &+ Int64(index)) & Self.mask)])
      sum = sum &+ sample &* sample
    }
    return Float(sum) / Float(count)
  }
}
