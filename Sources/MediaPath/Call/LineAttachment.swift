package import DSP
package import Numbering
package import TelephonyHAL

/// A line as a path is given it: its audio, and what listens to it by that line's plan.
///
/// Control thread owns it.
///
/// Must live until the path has said `.disconnected`.
package final class LineAttachment {
  /// What crosses to the path.
  package struct Reference: @unchecked Sendable, BitwiseCopyable {
    let audio: Unmanaged<LineAudio>
    let listener: UnsafeMutablePointer<LineListener>
    /// nil: the line's echo is left in.
    let canceller: UnsafeMutablePointer<EchoCanceller>?
    let levels: LineLevels
  }

  package let audio: LineAudio
  package let reference: Reference

  /// Prepares the detectors for a line of this plan; allocates.
  ///
  /// `cadences` is the same plan, prepared for detectors; `workspace` is that of the thread that will run the call.
  package init(
    audio: LineAudio, plan: TonePlan, cadences: CadencePlan, processing: LineProcessing = LineProcessing(), workspace: EchoWorkspace
  ) {
    self.audio = audio
    let listener = UnsafeMutablePointer<LineListener>.allocate(capacity: 1)
    listener.initialize(to: LineListener(plan: plan, cadences: cadences))
    var canceller: UnsafeMutablePointer<EchoCanceller>?
    if processing.cancelsEcho {
      let made = UnsafeMutablePointer<EchoCanceller>.allocate(capacity: 1)
      made.initialize(to: EchoCanceller(workspace: workspace))
      canceller = made
    }
    reference = Reference(audio: Unmanaged.passUnretained(audio), listener: listener, canceller: canceller, levels: processing.levels)
  }

  deinit {
    reference.listener.deinitialize(count: 1)
    reference.listener.deallocate()
    reference.canceller?.deinitialize(count: 1)
    reference.canceller?.deallocate()
  }
}

/// Plans prepared for detectors, each once.
///
/// Control thread.
struct CadencePlanCache {
  private var prepared: [TonePlan: CadencePlan] = [:]

  mutating func cadences(of plan: TonePlan) -> CadencePlan {
    if let found = prepared[plan] { return found }
    let made = CadencePlan(plan)
    prepared[plan] = made
    return made
  }
}
