import Numbering

/// Follows every cadence of a plan from every burst at which it may have been entered.
///
/// ```
/// burst, gap, burst, … ─▶ entries: each either fits and goes a step on, or falls back to its beginning
///                              │ enough steps that nothing else in the plan fits
///                              ▼
///                         best: pattern and its cycles so far
/// ```
struct CadenceMatcher: ~Copyable {
  struct Progress: BitwiseCopyable {
    var pattern = -1
    var cycles = 0
    var meanSquare: Float = 0
  }

  /// dB by which the step from one burst to the next may differ from the plan's.
  static var levelSlack: Float { @_noLocks get { 4.5 } }

  private let plan: CadencePlanView
  private let matched: UnsafeMutablePointer<Int>
  private var previousMeanSquare: Float = 0
  private var previousLevelKnown = false

  /// What the last stretch proved; its pattern is -1 for nothing.
  private(set) var progress = Progress()

  init(plan: CadencePlanView) {
    self.plan = plan
    matched = .allocate(capacity: max(1, plan.entries.count))
    matched.initialize(repeating: 0, count: max(1, plan.entries.count))
  }

  deinit { matched.deallocate() }

  @_noLocks
  mutating func reset() {
    for index in 0..<plan.entries.count { matched[index] = 0 }
    previousLevelKnown = false
    progress = Progress()
  }

  /// Whether some entry of the pattern still fits.
  @_noLocks
  func isFollowing(_ pattern: Int) -> Bool {
    for index in 0..<plan.entries.count where plan.entries[index].pattern == pattern && matched[index] > 0 { return true }
    return false
  }

  /// The longest silence after the last burst that the pattern allows; 0 where it goes on without any.
  @_noLocks
  func longestGap(_ pattern: Int) -> Int {
    var longest = 0
    for index in 0..<plan.entries.count where plan.entries[index].pattern == pattern && matched[index] > 0 {
      let next = plan.step(pattern, plan.entries[index].step &+ matched[index])
      if next.isSilence { longest = max(longest, next.length &+ next.slack) }
    }
    return longest
  }

  @_noLocks
  mutating func addBurst(_ burst: ToneBurst) {
    let change =
      previousLevelKnown && burst.meanSquare > 0
      ? Level.dbm0(meanSquare: burst.meanSquare) - Level.dbm0(meanSquare: previousMeanSquare) : 0
    progress = Progress()
    for index in 0..<plan.entries.count {
      let entry = plan.entries[index]
      let step = plan.step(entry.pattern, entry.step &+ matched[index])
      if fits(burst, step), matched[index] == 0 || !previousLevelKnown || isExpected(change, entry, matched[index]) {
        advance(index, burst)
      } else {
        matched[index] = 0
        if fits(burst, plan.step(entry.pattern, entry.step)) { advance(index, burst) }
      }
    }
    previousMeanSquare = burst.meanSquare
    previousLevelKnown = true
  }

  /// - Parameter isQuiet: false where something else sounded in the gap.
  @_noLocks
  mutating func addGap(length: Int, isQuiet: Bool) {
    progress = Progress()
    for index in 0..<plan.entries.count where matched[index] > 0 {
      let entry = plan.entries[index]
      let step = plan.step(entry.pattern, entry.step &+ matched[index])
      if isQuiet, step.isSilence, step.accepts(length: length) {
        advance(index, nil)
      } else {
        matched[index] = 0
      }
    }
  }

  @_noLocks
  private func fits(_ burst: ToneBurst, _ step: CadenceStep) -> Bool {
    guard burst.isClean, burst.set == step.set, step.accepts(length: burst.length) else { return false }
    // A burst that should beat may be heard without, where the line has lost one of two sines; not the other way round.
    return step.beats || plan.sets[burst.set].count > 1 || (burst.isSteady && !burst.beats)
  }

  /// Whether the change of level from the burst before is the plan's.
  @_noLocks
  private func isExpected(_ change: Float, _ entry: CadenceEntry, _ matched: Int) -> Bool {
    let step = plan.step(entry.pattern, entry.step &+ matched)
    var back = matched &- 1
    while back >= 0 {
      let before = plan.step(entry.pattern, entry.step &+ back)
      if !before.isSilence {
        let difference = change - (step.relativeLevel - before.relativeLevel)
        return difference < Self.levelSlack && difference > -Self.levelSlack
      }
      back &-= 1
    }
    return true
  }

  @_noLocks
  private mutating func advance(_ index: Int, _ burst: ToneBurst?) {
    matched[index] &+= 1
    let entry = plan.entries[index]
    guard matched[index] >= entry.needed else { return }
    let count = plan.patterns[entry.pattern].stepCount
    let isRingback = plan.patterns[entry.pattern].kind == .ringback
    let cycles = max(1, isRingback ? (matched[index] &+ count &- 1) / count : matched[index] / count)
    if progress.pattern < 0 || cycles > progress.cycles {
      progress = Progress(pattern: entry.pattern, cycles: cycles, meanSquare: burst?.meanSquare ?? previousMeanSquare)
    }
  }
}
