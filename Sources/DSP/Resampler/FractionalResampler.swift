package import RealTime

/// Moves audio from one clock to another that runs nearly as fast: 8 kHz in, 8 kHz of the other clock out, 2 ms later.
///
/// ```
///  32 heard before │ new samples                 position: 32.32 fixed point, of the next output's first tap
///  ────────────────┼──────────────▶  Σ 32 taps ▶ out       step: samples in for each sample out, 1 ± 0.002
/// ```
///
/// The output is continuous whatever the step does. While the step has never been other than 1, samples are copied.
package struct FractionalResampler: BitwiseCopyable {
  /// Samples that one call takes or gives, at most.
  package static var limit: Int { @_noLocks get { 96 } }

  private static var one: Int64 { @_noLocks get { 1 << 32 } }
  private static var taps: Int { @_noLocks get { 32 } }

  private let kernel: UnsafePointer<Float>
  private var history: InlineArray<32, Int16> = InlineArray(repeating: 0)
  private var position: Int64 = 1 << 32
  private var step: Int64 = 1 << 32

  package init() {
    kernel = ResamplerKernel.shared
  }

  /// Samples of the input for each sample of the output; kept within 0.998…1.002, at first 1.
  package var ratio: Double {
    @_noLocks get { Double(step) / Double(Self.one) }
    @_noLocks set {
      let kept = newValue > 1.002 ? 1.002 : (newValue >= 0.998 ? newValue : 0.998)
      step = Int64(kept * Double(Self.one))
    }
  }

  /// How many samples `pull` needs for `count` (at most 80) samples.
  @_noLocks
  package func inputCount(for count: Int) -> Int {
    guard count > 0 else { return 0 }
    return Int((position &+ Int64(count &- 1) &* step) >> 32)
  }

  /// Fills `output` (at most 80 samples) from exactly `inputCount(for:)` samples; other counts are made good with silence.
  @_noLocks
  package mutating func pull(_ input: UnsafeBufferPointer<Int16>, into output: UnsafeMutableBufferPointer<Int16>) {
    let needed = inputCount(for: output.count)
    guard output.count <= 80, needed <= Self.limit else { return }
    _ = run(input, taking: needed, into: output, giving: output.count)
  }

  /// Takes all of `input` (at most 80 samples) and gives what becomes of it: the count, 79 to 81 for 80.
  ///
  /// `output` holds at least 96.
  @_noLocks
  package mutating func push(_ input: UnsafeBufferPointer<Int16>, into output: UnsafeMutableBufferPointer<Int16>) -> Int {
    guard input.count <= 80, output.count >= Self.limit else { return 0 }
    return run(input, taking: input.count, into: output, giving: Self.limit)
  }

  /// Fills a frame of 80 samples.
  @_noLocks
  package mutating func pull(_ input: PlayoutFrame, into frame: inout AudioFrame) {
    var next = self
    input.withSamples { input in frame.withMutableSamples { next.pull(input, into: $0) } }
    self = next
  }

  @_noLocks
  private mutating func run(
    _ input: UnsafeBufferPointer<Int16>, taking count: Int, into output: UnsafeMutableBufferPointer<Int16>, giving most: Int
  ) -> Int {
    let present = input.count < count ? input.count : count
    var made = 0
    if position & (Self.one &- 1) == 0 && step == Self.one {
      made = copy(input, present: present, count: count, output, most: most)
    } else {
      var work: InlineArray<128, Float> = InlineArray(repeating: 0)
      for index in 0..<32 { work[index] = Float(history[index]) }
      for index in 0..<present { work[32 &+ index] = Float(input[index]) }
      withUnsafePointer(to: &work) { pointer in
        let samples = UnsafeRawPointer(pointer).assumingMemoryBound(to: Float.self)
        made = filter(samples, count: count, output, most: most)
      }
    }
    position = position &+ Int64(made) &* step &- Int64(count) &<< 32
    keep(input, count: count, present: present)
    return made
  }

  /// The last 32 samples become the history.
  @_noLocks
  private mutating func keep(_ input: UnsafeBufferPointer<Int16>, count: Int, present: Int) {
    var next: InlineArray<32, Int16> = InlineArray(repeating: 0)
    for index in 0..<32 {
      let place = index &+ count
      next[index] = place < 32 ? history[place] : (place &- 32 < present ? input[place &- 32] : 0)
    }
    history = next
  }

  /// The middle tap alone.
  @_noLocks
  private func copy(
    _ input: UnsafeBufferPointer<Int16>, present: Int, count: Int, _ output: UnsafeMutableBufferPointer<Int16>, most: Int
  ) -> Int {
    let first = Int(position >> 32)
    let available = count &- first &+ 1
    let made = available < most ? (available > 0 ? available : 0) : most
    for index in 0..<made {
      let place = first &+ index &+ 15
      output[index] = place < 32 ? history[place] : (place &- 32 < present ? input[place &- 32] : 0)
    }
    return made
  }

  /// Four outputs share a row of coefficients, right in their middle: the error at 200 ppm and 1 kHz is 75 dB down.
  @_noLocks
  private func filter(_ samples: UnsafePointer<Float>, count: Int, _ output: UnsafeMutableBufferPointer<Int16>, most: Int) -> Int {
    guard let base = output.baseAddress else { return 0 }
    return RealTimeKernels.resample(samples, count: count, into: base, most: most, position: position, step: step, kernel: kernel)
  }
}
