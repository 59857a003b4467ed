/// A stretch of time in which the sender said it sends nothing: after a comfort noise packet or a telephone event.
struct QuietSpan: BitwiseCopyable {
  private var start: Int64?
  /// The first audio after it; nil while it lasts.
  private var end: Int64?
  /// The mean square of the noise to play.
  private(set) var meanSquare: Float = 0

  init() {}

  /// Silence of this level begins, or goes on, at `timestamp`.
  @_noLocks
  mutating func begin(at timestamp: Int64, meanSquare: Float) {
    if let first = start {
      guard timestamp >= first else { return }
      if let last = end, timestamp >= last {
        start = timestamp
        end = nil
      }
    } else {
      start = timestamp
    }
    self.meanSquare = meanSquare
  }

  /// Audio was sent at `timestamp`.
  @_noLocks
  mutating func audio(at timestamp: Int64) {
    guard let first = start, timestamp > first else { return }
    if let last = end, last <= timestamp { return }
    end = timestamp
  }

  @_noLocks
  func contains(_ position: Int64) -> Bool {
    guard let first = start, position >= first else { return false }
    if let last = end { return position < last }
    return true
  }
}
