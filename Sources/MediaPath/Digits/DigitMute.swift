//                  frame k - 1            frame k
//   captured  |............====|========|========|    a tone begins late in frame k - 2, frame k - 1 is suspicious
//   sent        5 ms later: |          ^ silent from here on, at most 5 ms after the tone's beginning

import RealTime

/// Holds the line's audio back by 5 ms where digits leave by signalling, so that a tone is silenced before more than 5 ms of it are sent.
struct DigitMute: BitwiseCopyable, Sendable {
  private var held = InlineArray<40, Int16>(repeating: 0)
  private var wasSuspicious = false
  private var wasMuted = false
  /// False: audio passes at once and whole.
  private(set) var isOn = false

  private static var ramp: Int { @_noLocks get { 8 } }

  @_noLocks
  init() {}

  @_noLocks
  mutating func turn(on: Bool) {
    guard on != isOn else { return }
    isOn = on
    held = InlineArray(repeating: 0)
    wasSuspicious = false
    wasMuted = false
  }

  /// Takes the newest frame and gives back what lies 5 ms before it, silent where either end is likely part of a digit.
  @_noLocks
  mutating func pass(_ frame: inout AudioFrame, isSuspicious: Bool) {
    guard isOn else { return }
    delay(&frame)
    let mutes = isSuspicious || wasSuspicious
    let before = wasMuted
    wasSuspicious = isSuspicious
    wasMuted = mutes
    guard mutes || before else { return }
    let ramp = Self.ramp
    frame.withMutableSamples { samples in
      var index = 0
      while index < samples.count {
        let isRamp = index < ramp && mutes != before
        if isRamp {
          let share = mutes ? ramp &- index : index
          samples[index] = Int16(truncatingIfNeeded: Int(samples[index]) &* share / ramp)
        } else if mutes {
          samples[index] = 0
        }
        index &+= 1
      }
    }
  }

  @_noLocks
  private mutating func delay(_ frame: inout AudioFrame) {
    var kept = held
    frame.withMutableSamples { samples in
      var index = 0
      while index < 40 {
        let earlier = kept[index]
        kept[index] = samples[40 &+ index]
        samples[40 &+ index] = samples[index]
        samples[index] = earlier
        index &+= 1
      }
    }
    held = kept
  }
}
