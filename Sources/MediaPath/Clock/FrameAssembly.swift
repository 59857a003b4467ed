import DSP
import RealTime

/// Frames of the line in, frames of 10 ms of RTP time out: none, one or two for each.
struct FrameAssembly: BitwiseCopyable {
  private var resampler = FractionalResampler()
  private var samples: InlineArray<176, Int16> = InlineArray(repeating: 0)
  private var count = 0

  @_noLocks
  mutating func forget() {
    count = 0
  }

  /// Takes a frame; `ratio`: samples of the line for each sample of RTP time.
  @_noLocks
  mutating func append(_ frame: borrowing AudioFrame, ratio: Double) {
    guard count < 80 else { return }
    resampler.ratio = ratio
    var made: InlineArray<96, Int16> = InlineArray(repeating: 0)
    var resampler = resampler
    var got = 0
    frame.withSamples { input in
      withUnsafeMutablePointer(to: &made) { pointer in
        let start = UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: Int16.self)
        got = resampler.push(input, into: UnsafeMutableBufferPointer(start: start, count: 96))
      }
    }
    self.resampler = resampler
    for index in 0..<got { samples[count &+ index] = made[index] }
    count = count &+ got
  }

  /// The next whole frame; nil when the rest is less than one.
  @_noLocks
  mutating func next() -> AudioFrame? {
    guard count >= 80 else { return nil }
    var frame = AudioFrame()
    for index in 0..<80 { frame[index] = samples[index] }
    count = count &- 80
    for index in 0..<count { samples[index] = samples[80 &+ index] }
    return frame
  }
}
