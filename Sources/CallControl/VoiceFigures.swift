/// What one way through the packet network is worth to who listens at its end; nil: not known.
package struct VoiceFigures: Hashable, Sendable {
  /// Fractions are 0–1.
  package var lossFraction: Double?
  /// Came too late to be played.
  package var discardFraction: Double?
  package var burstDensity: Double?
  package var gapDensity: Double?
  /// Mean lengths, ms.
  package var burstMilliseconds: Double?
  package var gapMilliseconds: Double?
  /// Of the terminal, both ways through it, ms.
  package var endSystemDelayMilliseconds: Double?
  package var signalDBm0: Double?
  package var noiseDBm0: Double?
  /// Of the echo that the terminal sends back, dB.
  package var residualEchoReturnLossDecibels: Double?
  /// R of ITU-T G.107, 0–100.
  package var rating: Double?
  /// MOS-LQ, 1–5: without regard to delay and echo.
  package var listeningScore: Double?
  /// MOS-CQ, 1–5.
  package var conversationalScore: Double?

  package init() {}
}
