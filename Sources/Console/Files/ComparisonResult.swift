package import AudioFile

/// A comparison in plain words.
package struct ComparisonResult: Encodable, Sendable, Equatable {
  package var source: String
  package var isHeard: Bool
  /// 0–1.
  package var correlation: Double
  package var isInverted: Bool
  /// Where the source begins in the recording; negative when it began before.
  package var delayMs: Double
  package var heardLevelDbm0: Double
  package var sourceLevelDbm0: Double

  /// Speech through a telephone line with echo and noise correlates above 0.8; what has nothing to do with it stays below 0.3.
  package static let threshold = 0.6

  package init(_ comparison: AudioComparison, source: String) {
    self.source = source
    correlation = comparison.correlation
    isHeard = comparison.correlation >= Self.threshold
    isInverted = comparison.isInverted
    delayMs = comparison.delayInMilliseconds
    heardLevelDbm0 = comparison.heardLevel
    sourceLevelDbm0 = comparison.sourceLevel
  }

  package var sentence: String {
    let figures = "correlation \(Wording.rounded(correlation, 2))"
    guard isHeard else { return "did not hear \(source): \(figures), level \(Wording.level(heardLevelDbm0))" }
    let begin = delayMs >= 0 ? "\(Wording.rounded(delayMs / 1000, 1)) s into the recording" : "begun before the recording"
    return "heard the speech of \(source): \(figures)\(isInverted ? " (upside down)" : ""), level \(Wording.level(heardLevelDbm0)) "
      + "(played at \(Wording.level(sourceLevelDbm0))), \(begin)"
  }
}
