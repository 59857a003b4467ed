package import RealTime

//   frame ─▶ fixed gain ─▶ automatic gain ─▶ limiter ─▶ frame
//                │              ▲               peak above +2 dBm0: lower at once, back by 0.2 dB a frame
//                └─ level of the speech alone: toward -18 dBm0, by ±12 dB at most, 2 dB a second

/// The gain of one direction: fixed, with automatic level where wanted; a limiter keeps what is raised from being clipped.
///
/// Without gain and automatic level the audio is not touched.
package struct LevelControl: BitwiseCopyable, Sendable {
  /// The level that automatic gain aims at, dBm0.
  package static var target: Float { @_noLocks get { -18 } }
  /// The most that automatic gain raises or lowers, dB.
  package static var range: Float { @_noLocks get { 12 } }
  /// Peaks are kept under this: a sine of +2 dBm0.
  private static var ceiling: Float { @_noLocks get { 28_000 } }

  private var fixed: Float = 1
  private var isAutomatic = false
  private var automaticDecibels: Float = 0
  private var limit: Float = 1
  /// What the last sample was multiplied by.
  private var applied: Float = 1
  private var meter = LevelMeter()
  /// Mean square of the speech, fixed gain included.
  private var speech: Float = 0
  private var activeFrames = 0

  @_noLocks
  package init() {}

  /// Fixed gain, dB, kept within -24…+24.
  @_noLocks
  package mutating func set(decibels: Float) {
    let bounded = decibels > 24 ? 24 : (decibels >= -24 ? decibels : -24)
    fixed = bounded == 0 ? 1 : RealTimeMath.power(10, bounded / 20)
  }

  /// Whether the level of speech is brought toward the target; not at first.
  @_noLocks
  package mutating func automate(_ isOn: Bool) {
    isAutomatic = isOn
    if !isOn { automaticDecibels = 0 }
  }

  /// What automatic level adds now, dB.
  package var automaticGain: Float {
    @_noLocks get { automaticDecibels }
  }

  @_noLocks
  package mutating func apply(to frame: inout AudioFrame) {
    guard isAutomatic || fixed != 1 || applied != 1 else { return }
    if isAutomatic { follow(frame) }
    let gain = isAutomatic ? fixed * RealTimeMath.power(10, automaticDecibels / 20) : fixed
    // Up again by 0.2 dB a frame.
    limit = limit * 1.023 > 1 ? 1 : limit * 1.023
    let peak = Self.peak(frame) * gain
    if peak * limit > Self.ceiling { limit = Self.ceiling / peak }
    let wanted = gain * limit
    // Over 1 ms, so that a step makes no click.
    let step = (wanted - applied) / 8
    for index in 0..<80 {
      let factor = index < 8 ? applied + step * Float(index &+ 1) : wanted
      frame[index] = RealTimeMath.sample(Float(frame[index]) * factor)
    }
    applied = wanted
  }

  /// Learns how loud the speech is, from frames well above the background alone.
  @_noLocks
  private mutating func follow(_ frame: borrowing AudioFrame) {
    meter.process(frame)
    let power = Level.meanSquare(frame) * fixed * fixed
    guard meter.isActive, power > Level.meanSquare(dbm0: -45) else { return }
    activeFrames = activeFrames < 200 ? activeFrames &+ 1 : 200
    speech += (power - speech) / Float(activeFrames)
    guard activeFrames >= 30 else { return }
    var wanted = Self.target - Level.dbm0(meanSquare: speech)
    wanted = wanted > Self.range ? Self.range : (wanted > 0 - Self.range ? wanted : 0 - Self.range)
    let distance = wanted - automaticDecibels
    // 2 dB a second of speech; within 1 dB it stays.
    if distance > 1 { automaticDecibels += 0.02 } else if distance < -1 { automaticDecibels -= 0.02 }
  }

  @_noLocks
  private static func peak(_ frame: borrowing AudioFrame) -> Float {
    var most: Int32 = 0
    for index in 0..<80 {
      let sample = Int32(frame[index])
      let size = sample < 0 ? 0 &- sample : sample
      if size > most { most = size }
    }
    return Float(most)
  }
}
