package import RealTime

/// 10 ms heard from the line, with what was truly played into it during the same 10 ms.
///
/// The pair is what an echo canceller needs; a driver with a device delay leaves that delay in the pair.
package struct CapturedFrame: BitwiseCopyable, Sendable {
  package var captured: AudioFrame

  /// Silence where the media side had nothing ready (an underrun).
  package var played: AudioFrame

  /// Samples were lost between the previous frame and this one.
  package var discontinuity: Bool

  @_noLocks
  package init(captured: AudioFrame, played: AudioFrame, discontinuity: Bool = false) {
    self.captured = captured
    self.played = played
    self.discontinuity = discontinuity
  }
}

/// Where a line's own clock stood at a moment of the monotonic clock.
package struct LineClock: BitwiseCopyable, Sendable, Equatable {
  /// Samples captured since the driver started, on hook or off.
  package var samples: Int64

  package var time: MediaTime

  @_noLocks
  package init(samples: Int64, time: MediaTime) {
    self.samples = samples
    self.time = time
  }
}
