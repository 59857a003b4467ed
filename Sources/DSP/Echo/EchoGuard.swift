private import RealTime

/// Watches over the model: where it makes things worse, what was captured goes through as it is.
struct EchoGuard: BitwiseCopyable {
  /// Sums of squares over a block.
  struct Energies: BitwiseCopyable {
    var captured: Float
    var echo: Float
    var error: Float
    var played: Float
  }

  enum Verdict: BitwiseCopyable {
    case good
    /// The model adds to the signal; it should learn faster.
    case doubtful
    /// Nothing of it is true.
    case wrong
  }

  private var captured: Float = 0
  private var echo: Float = 0
  private var error: Float = 0
  private var slowCaptured: Float = 0
  private var slowError: Float = 0
  private var activeCaptured: Float = 0
  private var activeError: Float = 0
  private var doubts = 0
  private var bypasses = false
  /// This very block is louder than it came.
  private var isWorse = false
  private var mix: Float = 0

  init() {}

  @_noLocks
  mutating func reset() { self = EchoGuard() }

  /// Power captured against power left, while the far side is heard.
  var enhancementRatio: Float { @_noLocks get { activeError > 1 ? activeCaptured / activeError : 1 } }

  var enhancement: Float { @_noLocks get { enhancementRatio > 1 ? RealTimeMath.decibels(powerRatio: enhancementRatio) : 0 } }

  @_noLocks
  mutating func process(_ now: Energies, isTone: Bool) -> Verdict {
    captured = 0.6 * captured + 0.4 * now.captured
    echo = 0.6 * echo + 0.4 * now.echo
    error = 0.6 * error + 0.4 * now.error
    slowCaptured = 0.9 * slowCaptured + 0.1 * now.captured
    slowError = 0.9 * slowError + 0.1 * now.error
    if now.played > 80 * 1_000 {
      activeCaptured = 0.95 * activeCaptured + 0.05 * now.captured
      activeError = 0.95 * activeError + 0.05 * now.error
    }
    isWorse = now.error > 1.1 * now.captured
    if isTone {
      bypasses = false
      doubts = 0
    } else if error > 1.1 * captured, echo > 0.1 * captured {
      bypasses = true
    } else if error < 0.8 * captured || echo < 0.01 * captured {
      bypasses = false
    }
    guard !isTone, now.error > 80 * 100 else { return .good }
    if now.error > 8 * now.captured, now.error > 2 * slowCaptured {
      doubts = 0
      return .wrong
    }
    guard slowError > 1.3 * slowCaptured else {
      doubts = 0
      return .good
    }
    doubts &+= 1
    if doubts < 4 { return .doubtful }
    doubts = 0
    return .wrong
  }

  /// Fades between what is left and what was captured, in place.
  @_noLocks
  mutating func fade(_ left: UnsafeMutablePointer<Float>, _ captured: UnsafePointer<Float>) {
    let goal: Float = bypasses || isWorse ? 1 : 0
    guard mix != 0 || goal != 0 else { return }
    let step: Float = (goal - mix) / 80
    for index in 0..<80 {
      mix += step
      left[index] += mix * (captured[index] - left[index])
    }
    mix = goal
  }
}
