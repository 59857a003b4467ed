import RealTime

/// The model of the echo path: 160 taps (20 ms) after a bulk delay, followed by a Kalman filter in the frequency domain.
///
/// ```
///  played, delayed ─▶ FIR(w) ─▶ echo ─▶ (−) ◀─ captured        in the time domain: no added delay
///        │                              │ e
///        └─▶ X = FFT of 256    E = FFT of 176 zeros and e      one complex transform for both
///             each bin: g = P / (|X|²P + noise),  Δw = first 160 of IFFT(g·X*·E),  P shrinks by what was learnt
/// ```
///
/// Samples are 16-bit values as floats, a block is one frame. No double-talk detector: what the model does not explain raises Ψ, the
/// noise of each bin, and so lowers the step.
struct EchoFilter: ~Copyable {
  static var taps: Int { @_noLocks get { 160 } }
  private static var block: Int { @_noLocks get { 80 } }
  private static var bins: Int { @_noLocks get { EchoRoom.bins } }
  private static var initialUncertainty: Float { @_noLocks get { 0.3 } }
  private static var processNoise: Float { @_noLocks get { 6e-5 } }

  /// 160 taps with 8 zeros before and after, for the derivative.
  private let padded: UnsafeMutablePointer<Float>
  private let direction: UnsafeMutablePointer<Float>
  private let uncertainty: UnsafeMutablePointer<Float>
  private let noise: UnsafeMutablePointer<Float>
  private let room: EchoRoom

  /// Σ w².
  private(set) var norm: Float = 0
  /// How much steps of late point the same way: 0.1 in double talk or at rest, to 0.3 after a change of the path.
  private(set) var trend: Float = 0
  /// Bins that share the far signal's power, smoothed: 1 for a tone, many for speech.
  private(set) var width: Float = 40
  /// Samples a block by which the echo moves against what was played; its clock's difference.
  private(set) var drift: Float = 0
  private var boost = 0
  private(set) var activeBlocks = 0

  var weights: UnsafeMutablePointer<Float> { @_noLocks get { padded + 8 } }

  /// `room` must outlive it.
  init(room: EchoRoom) {
    self.room = room
    func zeros(_ count: Int) -> UnsafeMutablePointer<Float> {
      let buffer = UnsafeMutablePointer<Float>.allocate(capacity: count)
      buffer.initialize(repeating: 0, count: count)
      return buffer
    }
    padded = zeros(8 + 160 + 8)
    direction = zeros(160)
    uncertainty = zeros(Self.bins)
    noise = zeros(Self.bins)
    reset()
  }

  deinit {
    padded.deallocate()
    direction.deallocate()
    uncertainty.deallocate()
    noise.deallocate()
  }

  /// Knows nothing; keeps the drift.
  @_noLocks
  mutating func reset() {
    for index in 0..<176 { padded[index] = 0 }
    for index in 0..<160 { direction[index] = 0 }
    for index in 0..<Self.bins {
      uncertainty[index] = Self.initialUncertainty
      noise[index] = 0
    }
    norm = 0
    trend = 0
    boost = 0
    activeBlocks = 0
  }

  @_noLocks
  mutating func forgetDrift() { drift = 0 }

  // MARK: Echo

  /// The echo of the block that ends `room.played`.
  @_noLocks
  func echo(into output: UnsafeMutablePointer<Float>) {
    RealTimeKernels.convolve(weights: weights, taps: Self.taps, source: room.played + 176, into: output, count: Self.block)
  }

  // MARK: Learning

  /// Learns from `room.played` and `room.error`.
  @_noLocks
  mutating func learn(_ energies: EchoGuard.Energies) {
    let farEnergy = energies.played * 3.2
    // Under -60 dBm0 there is nothing to learn, and nothing to forget.
    guard farEnergy > 256 * 500 else { return }
    activeBlocks &+= 1
    let spectrum = split()
    // Bins that share the power: (Σp)²/Σp².
    if spectrum.square > 0 { width += 0.15 * (spectrum.sum * spectrum.sum / spectrum.square - width) }
    let isNarrow = width < 6
    if isNarrow, energies.error < 0.01 * energies.captured { return }

    var growth: Float = isNarrow ? 0 : Self.processNoise * (norm + 0.001)
    // Steps that agree: the model is not as sure as it thinks.
    let agreement = (trend - 0.07) * 16
    growth *= 1 + 4 * (agreement < 0 ? 0 : (agreement > 1 ? 1 : agreement))
    if boost > 0 {
      boost &-= 1
      growth *= 1 + 19 * Float(boost) / 150
    }
    var floor: Float = 3.2 * (80 * 64 + 2e-4 * energies.captured)
    let leakage: Float = isNarrow ? 0.03 * spectrum.peak : 0
    if floor < 1 { floor = 1 }
    gains(growth: growth, floor: floor, leakage: leakage)
    room.transform.transform(room.real, room.imaginary)
    apply()
    guard !isNarrow else { return }
    follow(energies)
    followDrift(energies)
  }

  private struct Spectrum: BitwiseCopyable {
    var sum: Float
    var square: Float
    var peak: Float
  }

  /// One complex transform of played + j·error, taken apart.
  @_noLocks
  private func split() -> Spectrum {
    var index = 0
    let none = SIMD4<Float>(repeating: 0)
    while index < 256 {
      room.real.store(room.played.vector(index), index)
      room.imaginary.store(index < 176 ? none : room.error.vector(index &- 176), index)
      index &+= 4
    }
    room.transform.transform(room.real, room.imaginary)
    room.real[256] = room.real[0]
    room.imaginary[256] = room.imaginary[0]
    let half = SIMD4<Float>(repeating: 0.5)
    var sum = none
    var square = none
    var peak = none
    var bin = 0
    while bin < 132 {
      let zr = room.real.vector(bin)
      let zi = room.imaginary.vector(bin)
      let mr = room.real.vector(253 &- bin).backward
      let mi = room.imaginary.vector(253 &- bin).backward
      let xr = half * (zr + mr)
      let xi = half * (zi - mi)
      room.farReal.store(xr, bin)
      room.farImaginary.store(xi, bin)
      room.nearReal.store(half * (zi + mi), bin)
      room.nearImaginary.store(half * (mr - zr), bin)
      let power = xr * xr + xi * xi
      room.farPower.store(power, bin)
      if bin < 128 {
        sum += power
        square += power * power
        peak = peak.replacing(with: power, where: power .> peak)
      }
      bin &+= 4
    }
    let peak0 = peak[0] > peak[1] ? peak[0] : peak[1]
    let peak1 = peak[2] > peak[3] ? peak[2] : peak[3]
    return Spectrum(sum: sum.total, square: square.total, peak: peak0 > peak1 ? peak0 : peak1)
  }

  /// The Kalman gain of each bin; leaves the conjugate of g·X*·E in `real` and `imaginary`.
  @_noLocks
  private func gains(growth: Float, floor: Float, leakage: Float) {
    let growth = SIMD4<Float>(repeating: growth)
    let floor = SIMD4<Float>(repeating: floor)
    let leakage = SIMD4<Float>(repeating: leakage)
    let smoothing = SIMD4<Float>(repeating: 0.4)
    let blockShare = SIMD4<Float>(repeating: 80.0 / 256)
    let noiseShare = SIMD4<Float>(repeating: 256.0 / 80)
    var bin = 0
    while bin < 132 {
      let xr = room.farReal.vector(bin)
      let xi = room.farImaginary.vector(bin)
      let er = room.nearReal.vector(bin)
      let ei = room.nearImaginary.vector(bin)
      let power = room.farPower.vector(bin)
      var psi = noise.vector(bin)
      psi += smoothing * (er * er + ei * ei - psi)
      noise.store(psi, bin)
      let p = uncertainty.vector(bin)
      let gain = p / (power * p + noiseShare * psi + floor + leakage * p)
      let stepReal = gain * (xr * er + xi * ei)
      let stepImaginary = gain * (xi * er - xr * ei)
      uncertainty.store(p - p * (blockShare * gain * power) + growth, bin)
      room.real.store(stepReal, bin)
      room.imaginary.store(stepImaginary, bin)
      room.real.store(stepReal.backward, 253 &- bin)
      room.imaginary.store((SIMD4<Float>(repeating: 0) - stepImaginary).backward, 253 &- bin)
      bin &+= 4
    }
  }

  /// The first 160 taps of what `real` now holds are the step.
  @_noLocks
  private mutating func apply() {
    let weights = self.weights
    let scale = SIMD4<Float>(repeating: 1.0 / 256)
    var sum = SIMD4<Float>(repeating: 0)
    var index = 0
    while index < Self.taps {
      let change = scale * room.real.vector(index)
      room.step.store(change, index)
      let weight = weights.vector(index) + change
      weights.store(weight, index)
      sum += weight * weight
      index &+= 4
    }
    norm = sum.total
  }

  // MARK: Changes of the path

  @_noLocks
  private mutating func follow(_ energies: EchoGuard.Energies) {
    let size = VectorMath.energy(room.step, Self.taps)
    guard size > 1e-16, energies.error > 80 * 150 else { return }
    let share = SIMD4<Float>(repeating: 0.1 / RealTimeMath.squareRoot(size))
    let keep = SIMD4<Float>(repeating: 0.9)
    var sum = SIMD4<Float>(repeating: 0)
    var index = 0
    while index < Self.taps {
      let value = keep * direction.vector(index) + share * room.step.vector(index)
      direction.store(value, index)
      sum += value * value
      index &+= 4
    }
    trend = sum.total
    if trend > 0.12 { lift(by: 1 + 60 * (trend - 0.12), and: 0.02 * (trend - 0.12)) }
    if trend > 0.15 { boost = boost > 150 ? boost : 150 }
  }

  private var ceiling: Float { @_noLocks get { 0.5 * (norm + 0.05) } }

  @_noLocks
  private func lift(by factor: Float, and share: Float) {
    let factor = SIMD4<Float>(repeating: factor)
    let limit = SIMD4<Float>(repeating: ceiling)
    let extra = limit * SIMD4<Float>(repeating: share)
    var bin = 0
    while bin < Self.bins {
      let before = uncertainty.vector(bin)
      var lifted = before * factor + extra
      lifted = lifted.replacing(with: limit, where: lifted .> limit)
      // Never lower than it was.
      uncertainty.store(lifted.replacing(with: before, where: before .> lifted), bin)
      bin &+= 4
    }
  }

  /// The model is wrong: part of the uncertainty comes back.
  @_noLocks
  mutating func doubt() {
    let extra = SIMD4<Float>(repeating: 0.2 * ceiling)
    var bin = 0
    while bin < Self.bins {
      uncertainty.store(uncertainty.vector(bin) + extra, bin)
      bin &+= 4
    }
    boost = boost > 300 ? boost : 300
  }

  // MARK: Drift and place

  /// Antisymmetric differentiator of 16 taps: (-1)^(m+1)/m with a Hann window.
  @_noLocks
  private func differentiate() {
    let w = UnsafePointer(weights)
    var index = 0
    while index < Self.taps {
      let near1 = w.vector(index &+ 1) - w.vector(index &- 1)
      let near2 = w.vector(index &+ 2) - w.vector(index &- 2)
      let near3 = w.vector(index &+ 3) - w.vector(index &- 3)
      let near4 = w.vector(index &+ 4) - w.vector(index &- 4)
      let near5 = w.vector(index &+ 5) - w.vector(index &- 5)
      let near6 = w.vector(index &+ 6) - w.vector(index &- 6)
      let near7 = w.vector(index &+ 7) - w.vector(index &- 7)
      let near8 = w.vector(index &+ 8) - w.vector(index &- 8)
      var sum = SIMD4<Float>(repeating: 0.96985) * near1 - SIMD4<Float>(repeating: 0.44151) * near2
      sum += SIMD4<Float>(repeating: 0.25) * near3 - SIMD4<Float>(repeating: 0.14671) * near4
      sum += SIMD4<Float>(repeating: 0.08264) * near5 - SIMD4<Float>(repeating: 0.04167) * near6
      sum += SIMD4<Float>(repeating: 0.01671) * near7 - SIMD4<Float>(repeating: 0.00377) * near8
      room.slope.store(sum, index)
      index &+= 4
    }
  }

  /// How the step just taken points along the movement of the path.
  @_noLocks
  private mutating func followDrift(_ energies: EchoGuard.Energies) {
    guard energies.error < 0.1 * energies.captured else { return }
    if drift == 0 { differentiate() }
    let size = VectorMath.energy(room.slope, Self.taps)
    guard size > 1e-9 else { return }
    var share = VectorMath.dot(room.step, room.slope, Self.taps) / size
    share = share > 0.02 ? 0.02 : (share < -0.02 ? -0.02 : share)
    drift += 0.01 * share
    drift = drift > 0.04 ? 0.04 : (drift < -0.04 ? -0.04 : drift)
  }

  /// The path moves on by a block of drift, heard or not.
  @_noLocks
  mutating func advance() {
    guard drift != 0, norm > 0.001 else { return }
    differentiate()
    let weights = self.weights
    let amount = SIMD4<Float>(repeating: drift)
    var index = 0
    while index < Self.taps {
      weights.store(weights.vector(index) + amount * room.slope.vector(index), index)
      index &+= 4
    }
  }

  /// The path goes on beyond the end of the window, and the window begins before the path does.
  var runsOver: Bool {
    @_noLocks get { VectorMath.energy(weights, 32) < 0.25 * VectorMath.energy(weights + (Self.taps &- 16), 16) }
  }

  /// The tap of the greatest magnitude.
  var peakTap: Int {
    @_noLocks get {
      var best = 0
      var most: Float = 0
      for index in 0..<Self.taps {
        let size = weights[index] < 0 ? 0 - weights[index] : weights[index]
        if size > most {
          most = size
          best = index
        }
      }
      return best
    }
  }

  /// The window moves later by `samples` (negative: earlier) over the same path.
  @_noLocks
  mutating func shift(by samples: Int) {
    let weights = self.weights
    if samples > 0 {
      for index in 0..<Self.taps { weights[index] = index &+ samples < Self.taps ? weights[index &+ samples] : 0 }
    } else {
      for index in 0..<Self.taps {
        let target = Self.taps &- 1 &- index
        weights[target] = target &+ samples >= 0 ? weights[target &+ samples] : 0
      }
    }
  }
}
