import RealTime

/// The grid of the pulls, freed of the scheduler's lateness: the least of
/// (pull time less the time of the samples pulled before) over about 1 s.
///
/// A tick that comes late pulls late, which harms nothing; the next comes in time again. So the earliest pulls say when
/// packets must be there.
struct PullClock: BitwiseCopyable {
  private var windows: InlineArray<8, Int64> = InlineArray(repeating: .max)
  private var window = 0
  private var pullsInWindow = 0
  /// Samples pulled before the newest pull, and by it.
  private var before: Int64 = 0
  private var newest: Int64 = 0
  /// The last pull of all.
  private(set) var lastPull = MediaTime.zero

  init() {}

  /// Counts one pull of so many samples.
  @_noLocks
  mutating func pull(now: MediaTime, samples: Int) {
    before = before &+ newest
    newest = Int64(samples)
    let grid = now.nanoseconds &- before &* 125_000
    if pullsInWindow == 16 {
      pullsInWindow = 0
      window = (window &+ 1) & 7
      windows[window] = .max
    }
    if grid < windows[window] { windows[window] = grid }
    pullsInWindow = pullsInWindow &+ 1
    lastPull = now
  }

  /// The earliest time, ns, at which the newest pull could have been.
  var newestPull: Int64 {
    @_noLocks get {
      var least = Int64.max
      for index in 0..<8 where windows[index] < least { least = windows[index] }
      return least == .max ? 0 : least &+ before &* 125_000
    }
  }
}
