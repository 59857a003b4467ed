/// What one way through the packet network is worth to its listener: the figures of RFC 3611, 4.7, and of ITU-T G.107.
///
/// Not a number: not known.
package struct PathQuality: Sendable, BitwiseCopyable {
  /// Lost on the way since the start, 0–1.
  package var lossFraction: Float = .nan
  /// Came, but too late to be played, or twice; 0–1.
  package var discardFraction: Float = .nan
  /// Missing within bursts, 0–1.
  package var burstDensity: Float = .nan
  /// Missing within gaps, 0–1.
  package var gapDensity: Float = .nan
  /// Mean length of the bursts, ms.
  package var burstMilliseconds: Float = .nan
  /// Mean length of the gaps, ms.
  package var gapMilliseconds: Float = .nan
  /// Of the terminal: both ways through it, without the network, ms.
  package var endSystemDelayMilliseconds: Float = .nan
  /// Level of the speech, dBm0.
  package var signalDBm0: Float = .nan
  /// Level of the noise beneath it, dBm0.
  package var noiseDBm0: Float = .nan
  /// Of the echo that the other side of the call hears, dB.
  package var residualEchoReturnLossDB: Float = .nan
  /// R of G.107, delay and all.
  package var rating: Float = .nan
  /// R of the part beyond the packet network, by the terminal that reports.
  package var externalRating: Float = .nan
  /// MOS-LQ: what is heard, without regard to delay.
  package var mosListening: Float = .nan
  /// MOS-CQ: what a conversation is like.
  package var mosConversational: Float = .nan

  @_noLocks
  package init() {}
}
