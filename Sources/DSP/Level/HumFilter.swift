package import RealTime

/// Takes direct current and the hum of the mains out of what a line says: an elliptic high pass of third order.
///
/// Nothing at 0 Hz, 32 dB down at 50 Hz, 35 at 60 Hz, 19 at 100 Hz, 11 at 120 Hz; flat within 0.3 dB from 180 Hz on.
package struct HumFilter: BitwiseCopyable, Sendable {
  private var first: Float = 0
  private var near: Float = 0
  private var far: Float = 0

  @_noLocks
  package init() {}

  @_noLocks
  package mutating func process(_ frame: inout AudioFrame) {
    var state = self
    frame.withMutableSamples { state.run($0) }
    self = state
  }

  @_noLocks
  private mutating func run(_ samples: UnsafeMutableBufferPointer<Int16>) {
    var first = first
    var near = near
    var far = far
    for index in 0..<samples.count {
      let value = Float(samples[index]) * Self.gain
      // (1 − 1/z) / (1 − p/z), then two zeros near 58 Hz.
      let step = value + first
      first = Self.firstPole * step - value
      let output = step + near
      near = Self.middle * step - Self.firstFeedback * output + far
      far = step - Self.secondFeedback * output
      samples[index] = RealTimeMath.sample(output)
    }
    // Values too small to matter are slow to reckon with.
    self.first = Self.settled(first)
    self.near = Self.settled(near)
    self.far = Self.settled(far)
  }

  private static var gain: Float { @_noLocks get { 0.884_278 } }
  private static var firstPole: Float { @_noLocks get { 0.836_497_5 } }
  private static var middle: Float { @_noLocks get { -1.996_874 } }
  private static var firstFeedback: Float { @_noLocks get { -1.916_950_5 } }
  private static var secondFeedback: Float { @_noLocks get { 0.932_058_4 } }

  @_noLocks
  private static func settled(_ value: Float) -> Float {
    value < 1e-6 && value > -1e-6 ? 0 : value
  }
}
