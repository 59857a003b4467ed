package import RealTime

/// What tells that machines talk, not people.
package enum ModemSignal: BitwiseCopyable, Sendable, Equatable {
  /// CNG: a fax calls. 1,100 Hz for 0.5 s (T.30, 4.1.1).
  case calling
  /// CED or ANSam: a fax or modem answers. 2,100 Hz, with or without phase reversals (T.30, 4.1.2; V.8; V.25).
  case answering
  /// The flags before a fax's commands: V.21 channel 2, 1,650 and 1,850 Hz at 300 bit/s (T.30, 5.3).
  case preamble
}

/// Listens for modems and fax machines in one direction of a call, in one frame of three.
///
/// ```
///            share of the energy at       1,100 Hz > 0.55 for 0.4–0.6 s, then none ─▶ calling
///  frame ─▶  1,100  2,100  1,650  1,850 ─▶ 2,100 Hz > 0.75 for 0.5 s                 ─▶ answering
///                                          1,650 + 1,850 Hz > 0.4 for 0.4 s, each now and then the greater ─▶ preamble
/// ```
///
/// Signals below -43 dBm0 are not looked at. Costs under 0.1 µs a frame.
package struct ModemToneDetector: BitwiseCopyable {
  /// 2·cos(2πf/8000) of 1,100, 2,100, 1,650 and 1,850 Hz.
  private static var turns: SIMD4<Float> { @_noLocks get { SIMD4(1.298_896, -0.156_918, 0.542_881, 0.235_075) } }
  private static var interval: Int { @_noLocks get { 3 } }

  private var wait = 0
  private var calling = 0
  private var answering = 0
  private var preamble = 0
  private var marks = 0
  private var spaces = 0

  @_noLocks
  package init() {}

  /// What has been recognised with this frame; once for each burst.
  @_noLocks
  package mutating func process(_ frame: borrowing AudioFrame) -> ModemSignal? {
    wait = wait &+ 1
    guard wait >= Self.interval else { return nil }
    wait = 0
    var energy: Float = 0
    var shares = SIMD4<Float>(repeating: 0)
    frame.withSamples { samples in
      guard let base = samples.baseAddress, samples.count == 80 else { return }
      energy = Level.sumOfSquares(base, count: 80)
      // -43 dBm0 for 80 samples.
      if energy > 80 * 12_500 { shares = Self.shares(base, energy: energy) }
    }
    return judge(shares)
  }

  /// The part of the energy at each frequency, 0–1, by Goertzel's recursion.
  @_noLocks
  private static func shares(_ samples: UnsafePointer<Int16>, energy: Float) -> SIMD4<Float> {
    let turns = turns
    var before = SIMD4<Float>(repeating: 0)
    var last = SIMD4<Float>(repeating: 0)
    for index in 0..<80 {
      let next = turns * last - before + Float(samples[index])
      before = last
      last = next
    }
    let power = last * last + before * before - turns * last * before
    return power / (energy * 40)
  }

  @_noLocks
  private mutating func judge(_ shares: SIMD4<Float>) -> ModemSignal? {
    var found: ModemSignal?
    if shares[0] > 0.55 {
      calling = calling &+ 1
    } else {
      // 0.5 s ± 15 %, heard each 30 ms.
      if calling >= 13, calling <= 20 { found = .calling }
      calling = 0
    }
    answering = shares[1] > 0.75 ? answering &+ 1 : 0
    if answering == 16 { found = .answering }
    guard shares[2] + shares[3] > 0.4 else {
      preamble = 0
      marks = 0
      spaces = 0
      return found
    }
    preamble = preamble &+ 1
    if shares[2] > shares[3] { marks = marks &+ 1 } else { spaces = spaces &+ 1 }
    // The flag 01111110: most are marks, and no whistle holds both.
    if preamble >= 13, marks >= 3, spaces >= 1 {
      found = .preamble
      // Once; it goes on counting from far below.
      preamble = -1_000
    }
    return found
  }
}
