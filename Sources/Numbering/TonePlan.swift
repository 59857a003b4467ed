/// One sine of a tone.
package struct ToneComponent: Hashable, Sendable, BitwiseCopyable {
  /// Hz.
  package var frequency: Double
  /// dB, relative to the level the tone is played at.
  package var relativeLevel: Double

  package init(_ frequency: Double, relativeLevel: Double = 0) {
    self.frequency = frequency
    self.relativeLevel = relativeLevel
  }
}

/// Sinusoidal amplitude modulation of a tone.
package struct ToneModulation: Hashable, Sendable, BitwiseCopyable {
  /// Hz.
  package var frequency: Double
  /// 0 … 1.
  package var depth: Double

  package init(frequency: Double, depth: Double) {
    self.frequency = frequency
    self.depth = depth
  }
}

/// A stretch of a cadence in which the sound does not change.
package struct ToneSegment: Hashable, Sendable {
  /// What sounds; empty: silence.
  package var components: [ToneComponent]
  /// nil: without end.
  package var milliseconds: Int?
  package var modulation: ToneModulation?

  package init(components: [ToneComponent], milliseconds: Int?, modulation: ToneModulation? = nil) {
    self.components = components
    self.milliseconds = milliseconds
    self.modulation = modulation
  }

  package var isSilence: Bool { components.isEmpty }

  package static func silence(_ milliseconds: Int?) -> Self { Self(components: [], milliseconds: milliseconds) }

  package static func on(_ milliseconds: Int?, _ frequencies: Double..., relativeLevel: Double = 0) -> Self {
    Self(components: frequencies.map { ToneComponent($0, relativeLevel: relativeLevel) }, milliseconds: milliseconds)
  }
}

/// The stretches of a tone in order, heard again and again or once.
package struct ToneCadence: Hashable, Sendable {
  package var segments: [ToneSegment]
  package var repeats: Bool

  package init(_ segments: [ToneSegment], repeats: Bool = true) {
    self.segments = segments
    self.repeats = repeats
  }

  /// A single stretch of sound that never ends.
  package var isContinuous: Bool { segments.count == 1 && segments[0].milliseconds == nil && !segments[0].isSilence }

  /// Length of one round in milliseconds; nil where a stretch has no end.
  package var cycleMilliseconds: Int? {
    var sum = 0
    for segment in segments {
      guard let milliseconds = segment.milliseconds else { return nil }
      sum += milliseconds
    }
    return sum
  }
}

/// One tone of an exchange.
package struct ProgressTone: Hashable, Sendable {
  package var kind: ProgressToneKind
  package var cadence: ToneCadence
  /// What a North American special information tone says; nil elsewhere.
  package var cause: SpecialInformationCause?

  package init(_ kind: ProgressToneKind, _ cadence: ToneCadence, cause: SpecialInformationCause? = nil) {
    self.kind = kind
    self.cadence = cadence
    self.cause = cause
  }
}

/// The tones of a network (ITU-T E.180 supplement 2), or of one line where the configuration defines its own.
package struct TonePlan: Hashable, Sendable {
  package var name: String
  /// A kind may have several forms.
  package var tones: [ProgressTone]
  package var dtmf: DTMFLimits

  package init(name: String, tones: [ProgressTone], dtmf: DTMFLimits = .standard) {
    self.name = name
    self.tones = tones
    self.dtmf = dtmf
  }

  /// The first form of a kind; nil where the network has no such tone.
  package func tone(_ kind: ProgressToneKind) -> ProgressTone? { tones.first { $0.kind == kind } }

  /// The kinds that sound exactly like this one in this network, so that the ear cannot tell them apart (JP: busy and congestion).
  package func kindsSoundingLike(_ kind: ProgressToneKind) -> [ProgressToneKind] {
    guard let tone = tone(kind) else { return [] }
    return tones.filter { $0.kind != kind && $0.cadence == tone.cadence }.map(\.kind)
  }

  /// Replaces every form of the tone's kind: a line's own tones over its country's.
  package mutating func replace(with tone: ProgressTone) {
    tones.removeAll { $0.kind == tone.kind }
    tones.append(tone)
  }
}

/// What a network accepts as a DTMF digit (ITU-T Q.24).
package struct DTMFLimits: Hashable, Sendable, BitwiseCopyable {
  /// dB by which the low tone may be above the high one.
  package var twist: Int
  /// dB by which the high tone may be above the low one.
  package var reverseTwist: Int
  /// ms of tone and of pause that a sender keeps.
  package var sendMilliseconds: Int
  package var pauseMilliseconds: Int

  package init(twist: Int, reverseTwist: Int, sendMilliseconds: Int = 80, pauseMilliseconds: Int = 80) {
    self.twist = twist
    self.reverseTwist = reverseTwist
    self.sendMilliseconds = sendMilliseconds
    self.pauseMilliseconds = pauseMilliseconds
  }

  package static let standard = DTMFLimits(twist: 8, reverseTwist: 4)
}
