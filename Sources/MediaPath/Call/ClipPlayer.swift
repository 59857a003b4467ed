import RealTime

/// Plays a clip over a frame, sample by sample, once or round and round.
struct ClipPlayer: BitwiseCopyable {
  private var clip: AudioClip?
  private var loops = false
  private var position = 0

  @_noLocks
  init() {}

  var isPlaying: Bool {
    @_noLocks get { clip != nil }
  }

  @_noLocks
  mutating func play(_ clip: AudioClip, loops: Bool) {
    self.clip = clip
    self.loops = loops
    position = 0
  }

  @_noLocks
  mutating func stop() {
    clip = nil
  }

  /// Adds the next 10 ms to the frame, saturating.
  @_noLocks
  mutating func mix(into frame: inout AudioFrame) {
    guard let clip else { return }
    var index = 0
    while index < 80 {
      if position >= clip.count {
        guard loops else {
          self.clip = nil
          return
        }
        position = 0
      }
      let sum = Int32(frame.samples[index]) &+ Int32(clip.sample(at: position))
      frame.samples[index] = Int16(truncatingIfNeeded: sum > 32_767 ? 32_767 : sum < -32_768 ? -32_768 : sum)
      position &+= 1
      index &+= 1
    }
  }
}

/// Quiet white noise, so that a listener on hold does not think the line dead.
struct ComfortNoise: BitwiseCopyable {
  private var state: UInt32

  @_noLocks
  init(seed: UInt64) {
    state = UInt32(truncatingIfNeeded: seed ^ (seed >> 32)) | 1
  }

  /// 10 ms at about -62 dBm0.
  @_noLocks
  mutating func fill(_ frame: inout AudioFrame) {
    var index = 0
    while index < 80 {
      state ^= state << 13
      state ^= state >> 17
      state ^= state << 5
      // Uniform over ±32: a mean square of 341.
      frame.samples[index] = Int16(truncatingIfNeeded: Int32(state & 63) &- 32)
      index &+= 1
    }
  }
}
