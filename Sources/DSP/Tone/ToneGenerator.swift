package import Numbering
package import RealTime

/// Plays the tones of a plan, one at a time, with cadence, modulation and soft edges (2.5 ms).
///
/// ```
/// script (tone) ─▶ segment (components, length) ─▶ oscillators × gain ─▶ modulator ─▶ envelope ─▶ frame
///      ▲                    │ at its end
///      └──── next, or first again, or silence
/// ```
/// `init` allocates; everything else may run on the tick.
package struct ToneGenerator: ~Copyable, @unchecked Sendable {
  private struct Script: BitwiseCopyable {
    var kind: UInt8
    var firstSegment: Int
    var segmentCount: Int
    var repeats: Bool
  }

  private struct Segment: BitwiseCopyable {
    var firstVoice: Int
    var voiceCount: Int
    /// Samples; Int.max: without end.
    var length: Int
    var modulator: Oscillator
    var modulationDepth: Double
  }

  private struct Voice: BitwiseCopyable {
    var oscillator: Oscillator
    var peak: Double
  }

  private static var rampStep: Double { @_noLocks get { 1.0 / 20 } }

  private let scripts: UnsafeMutableBufferPointer<Script>
  private let segments: UnsafeMutableBufferPointer<Segment>
  private let voices: UnsafeMutableBufferPointer<Voice>
  private var script = -1
  private var segment = 0
  private var remaining = 0
  private var envelope = 0.0
  private var isStopping = false

  /// Prepares tones.
  ///
  /// - Parameter level: of each tone's power while it sounds, dBm0; a component's or segment's relative level goes on top.
  package init(tones: [ProgressTone], level: Float = -13) {
    var scripts: [Script] = []
    var segments: [Segment] = []
    var voices: [Voice] = []
    let peak = Double(Level.sinePeak(dbm0: level))
    for tone in tones {
      scripts.append(
        Script(
          kind: tone.kind.code, firstSegment: segments.count, segmentCount: tone.cadence.segments.count,
          repeats: tone.cadence.repeats))
      for segment in tone.cadence.segments {
        let depth = segment.modulation?.depth ?? 0
        // Modulation leaves the power as it is, and n sines share it.
        let share = 1 / (Double(max(1, segment.components.count)) * (1 + depth * depth / 2)).squareRoot()
        segments.append(
          Segment(
            firstVoice: voices.count, voiceCount: segment.components.count,
            length: segment.milliseconds.map { max(1, $0 * AudioFormat.samplesPerMillisecond) } ?? Int.max,
            modulator: Oscillator(frequency: segment.modulation?.frequency ?? 0), modulationDepth: depth))
        for component in segment.components {
          let relative = Double(RealTimeMath.power(10, Float(component.relativeLevel) / 20))
          voices.append(Voice(oscillator: Oscillator(frequency: component.frequency), peak: peak * share * relative))
        }
      }
    }
    self.scripts = .allocate(capacity: scripts.count)
    self.segments = .allocate(capacity: segments.count)
    self.voices = .allocate(capacity: voices.count)
    _ = self.scripts.initialize(from: scripts)
    _ = self.segments.initialize(from: segments)
    _ = self.voices.initialize(from: voices)
  }

  /// Prepares every tone of a plan.
  package init(plan: TonePlan, level: Float = -13) { self.init(tones: plan.tones, level: level) }

  deinit {
    scripts.deallocate()
    segments.deallocate()
    voices.deallocate()
  }

  /// Whether a tone is being played, its silences included.
  package var isPlaying: Bool { @_noLocks get { script >= 0 } }

  /// Begins the tone of this place in the list, from its start; false where there is none.
  @discardableResult
  @_noLocks
  package mutating func start(index: Int) -> Bool {
    guard index >= 0, index < scripts.count, scripts[index].segmentCount > 0 else { return false }
    script = index
    isStopping = false
    enter(scripts[index].firstSegment)
    return true
  }

  /// Begins the first tone of a kind, from its start; false where the plan has none.
  @discardableResult
  @_noLocks
  package mutating func start(_ kind: ProgressToneKind) -> Bool {
    for index in 0..<scripts.count where scripts[index].kind == kind.code { return start(index: index) }
    return false
  }

  /// Fades out within 2.5 ms.
  @_noLocks
  package mutating func stop() { isStopping = true }

  /// Overwrites the frame with the tone; silence when none is played.
  @_noLocks
  package mutating func render(into frame: inout AudioFrame) {
    for index in 0..<AudioFormat.samplesPerFrame { frame[index] = RealTimeMath.sample(Float(nextSample())) }
    normalise()
  }

  /// Adds the tone to the frame, saturating.
  @_noLocks
  package mutating func mix(into frame: inout AudioFrame) {
    guard isPlaying else { return }
    for index in 0..<AudioFormat.samplesPerFrame {
      frame[index] = RealTimeMath.sample(Float(frame[index]) + Float(nextSample()))
    }
    normalise()
  }

  @_noLocks
  private mutating func nextSample() -> Double {
    guard script >= 0 else { return 0 }
    let current = segments[segment]
    let rampSamples = 20
    var value = 0.0
    if current.voiceCount > 0 {
      if isStopping || remaining <= rampSamples {
        envelope -= Self.rampStep
        if envelope < 0 { envelope = 0 }
      } else if envelope < 1 {
        envelope += Self.rampStep
        if envelope > 1 { envelope = 1 }
      }
      for index in current.firstVoice..<(current.firstVoice &+ current.voiceCount) {
        value += voices[index].oscillator.next() * voices[index].peak
      }
      if current.modulationDepth > 0 { value *= 1 + current.modulationDepth * segments[segment].modulator.next() }
      value *= envelope
    } else {
      envelope = 0
    }
    if isStopping, envelope <= 0 {
      script = -1
      return value
    }
    if remaining != Int.max {
      remaining &-= 1
      if remaining <= 0 { advance() }
    }
    return value
  }

  @_noLocks
  private mutating func advance() {
    let current = scripts[script]
    let next = segment &+ 1
    if next < current.firstSegment &+ current.segmentCount {
      enter(next)
    } else if current.repeats {
      enter(current.firstSegment)
    } else {
      script = -1
    }
  }

  @_noLocks
  private mutating func enter(_ index: Int) {
    segment = index
    let entered = segments[index]
    remaining = entered.length
    envelope = 0
    segments[index].modulator.restart()
    for voice in entered.firstVoice..<(entered.firstVoice &+ entered.voiceCount) { voices[voice].oscillator.restart() }
  }

  @_noLocks
  private mutating func normalise() {
    guard script >= 0 else { return }
    let current = segments[segment]
    if current.modulationDepth > 0 { segments[segment].modulator.normalise() }
    for index in current.firstVoice..<(current.firstVoice &+ current.voiceCount) { voices[index].oscillator.normalise() }
  }
}
