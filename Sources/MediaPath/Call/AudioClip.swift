import DSP
package import Numbering
import RealTime

/// Preloaded audio (8 kHz, 16 bits, one channel) as a path plays it; a plain reference that crosses rings.
///
/// Valid as long as the `AudioClipStore` that made it.
package struct AudioClip: @unchecked Sendable, BitwiseCopyable {
  let samples: UnsafePointer<Int16>
  let count: Int

  @_noLocks
  func sample(at index: Int) -> Int16 {
    index >= 0 && index < count ? samples[index] : 0
  }
}

/// Owns preloaded audio for as long as paths may play it.
///
/// Control thread.
package final class AudioClipStore {
  private var owned: [UnsafeMutablePointer<Int16>] = []
  var tones: [ToneKey: (clip: AudioClip, loops: Bool)] = [:]

  package init() {}

  deinit {
    for samples in owned { samples.deallocate() }
  }

  /// Copies the samples; nil where there are none.
  package func add(_ samples: [Int16]) -> AudioClip? {
    guard !samples.isEmpty else { return nil }
    let copy = UnsafeMutablePointer<Int16>.allocate(capacity: samples.count)
    samples.withUnsafeBufferPointer { source in
      for index in source.indices { copy[index] = source[index] }
    }
    owned.append(copy)
    return AudioClip(samples: copy, count: samples.count)
  }
}

extension AudioClipStore {
  /// One round of a tone of the plan, to be looped (or played once where the tone does not repeat); nil where the plan has none.
  ///
  /// `level`: dBm0 of the tone while it sounds.
  package func tone(_ kind: ProgressToneKind, of plan: TonePlan, level: Float = -13) -> (clip: AudioClip, loops: Bool)? {
    let key = ToneKey(kind: kind, plan: plan, level: level)
    if let made = tones[key] { return made }
    guard let tone = plan.tone(kind) else { return nil }
    var generator = ToneGenerator(tones: [tone], level: level)
    generator.start(index: 0)
    var samples: [Int16] = []
    var frame = AudioFrame()
    let isContinuous = tone.cadence.isContinuous
    let milliseconds = isContinuous ? 2_000 : tone.cadence.cycleMilliseconds ?? 2_000
    for _ in 0..<(milliseconds + 9) / 10 {
      generator.render(into: &frame)
      samples.append(contentsOf: frame.array)
    }
    // The second second of a continuous tone: past its soft beginning, and whole periods of whole frequencies.
    samples = isContinuous ? Array(samples.suffix(8_000)) : Array(samples.prefix(milliseconds * 8))
    guard let clip = add(samples) else { return nil }
    tones[key] = (clip, tone.cadence.repeats)
    return (clip, tone.cadence.repeats)
  }
}

struct ToneKey: Hashable {
  let kind: ProgressToneKind
  let plan: TonePlan
  let level: Float
}
