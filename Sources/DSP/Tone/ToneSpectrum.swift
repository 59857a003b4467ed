import RealTime

/// The last 80 ms as a spectrum at the plan's frequencies, renewed each 10 ms.
///
/// Each block of 10 ms is transformed once; the window is a Hann window in eight steps over the blocks' transforms.
struct ToneSpectrum: ~Copyable {
  /// What a pure tone's peak bin holds, and all its bins together, relative to `energy`.
  static var peakShare: Float { @_noLocks get { 640.0 / 3 } }
  static var lobeShare: Float { @_noLocks get { 320 } }

  private let bank: ToneBank
  private let groups: Int
  private let table: UnsafeMutablePointer<SIMD4<Float>>
  private let turns: UnsafeMutablePointer<SIMD4<Float>>
  private let history: UnsafeMutablePointer<SIMD4<UInt16>>
  private let filtered: UnsafeMutablePointer<Float>
  private let blockStorage: UnsafeMutablePointer<SIMD4<Float>>
  private let windowStorage: UnsafeMutablePointer<SIMD4<Float>>
  private let energies: UnsafeMutablePointer<Float>
  private var slot = 0
  private var previousInput: Float = 0
  private var previousOutput: Float = 0

  /// Power of each bin in the last block.
  let block: UnsafeMutablePointer<Float>
  /// Power of each bin in the window.
  let window: UnsafeMutablePointer<Float>
  /// Sum of squares of the last block, its direct current taken off.
  private(set) var blockEnergy: Float = 0
  /// Sum of squares under the window.
  private(set) var energy: Float = 0

  init(bank: ToneBank) {
    self.bank = bank
    groups = bank.groups
    table = bank.table
    turns = bank.turns
    history = .allocate(capacity: 16 * bank.groups)
    filtered = .allocate(capacity: 80)
    blockStorage = .allocate(capacity: bank.groups)
    windowStorage = .allocate(capacity: bank.groups)
    energies = .allocate(capacity: 8)
    filtered.initialize(repeating: 0, count: 80)
    block = UnsafeMutableRawPointer(blockStorage).assumingMemoryBound(to: Float.self)
    window = UnsafeMutableRawPointer(windowStorage).assumingMemoryBound(to: Float.self)
    reset()
  }

  deinit {
    history.deallocate()
    filtered.deallocate()
    blockStorage.deallocate()
    windowStorage.deallocate()
    energies.deallocate()
  }

  @_noLocks
  mutating func reset() {
    for index in 0..<(16 &* groups) { history[index] = SIMD4<UInt16>(repeating: 0) }
    for index in 0..<groups {
      blockStorage[index] = SIMD4(repeating: 0)
      windowStorage[index] = SIMD4(repeating: 0)
    }
    for index in 0..<8 { energies[index] = 0 }
    previousInput = 0
    previousOutput = 0
    blockEnergy = 0
    energy = 0
  }

  @_noLocks
  mutating func add(_ frame: borrowing AudioFrame) {
    takeIn(frame)
    transform()
    weigh()
    slot = (slot &+ 1) & 7
  }

  /// A high pass at about 65 Hz: mains hum and direct current are no part of a tone.
  @_noLocks
  private mutating func takeIn(_ frame: borrowing AudioFrame) {
    var sum: Float = 0
    var input = previousInput
    var output = previousOutput
    let filtered = filtered
    // By pointer: each `frame[index]` of a borrowed frame copies all of it.
    frame.withSamples { samples in
      for index in 0..<80 {
        let sample = Float(samples[index])
        output = sample - input + 0.95 * output
        input = sample
        filtered[index] = output
        sum += output * output
      }
    }
    previousInput = input
    previousOutput = output
    blockEnergy = sum
  }

  @_noLocks
  private mutating func transform() {
    fold()
    // The window's storage is free until `weigh`.
    RealTimeKernels.toneBank(
      filtered, table: UnsafeRawPointer(table).assumingMemoryBound(to: Float.self), pairs: groups / 2, real: block, imaginary: window)
    let real = history + slot &* 2 &* groups
    let imaginary = real + groups
    let turnCosine = turns + slot &* groups
    let turnSine = turns + (8 &+ slot) &* groups
    for group in 0..<groups {
      let re = blockStorage[group]
      let im = windowStorage[group]
      blockStorage[group] = re * re + im * im
      real[group] = Self.packed(re * turnCosine[group] - im * turnSine[group])
      imaginary[group] = Self.packed(re * turnSine[group] + im * turnCosine[group])
    }
  }

  /// The upper half of each number's bits, rounded: 48 dB are more than the window needs.
  @_noLocks
  @inline(__always)
  private static func packed(_ value: SIMD4<Float>) -> SIMD4<UInt16> {
    let bits =
      SIMD4<UInt32>(value[0].bitPattern, value[1].bitPattern, value[2].bitPattern, value[3].bitPattern) &+ SIMD4<UInt32>(repeating: 0x8000)
    return SIMD4<UInt16>(truncatingIfNeeded: bits &>> SIMD4<UInt32>(repeating: 16))
  }

  @_noLocks
  @inline(__always)
  private static func unpacked(_ value: SIMD4<UInt16>) -> SIMD4<Float> {
    let bits = SIMD4<UInt32>(truncatingIfNeeded: value) &<< SIMD4<UInt32>(repeating: 16)
    return SIMD4<Float>(
      Float(bitPattern: bits[0]), Float(bitPattern: bits[1]), Float(bitPattern: bits[2]), Float(bitPattern: bits[3]))
  }

  /// The block around its middle: 40 sums, then 40 differences, in the samples' place.
  @_noLocks
  private func fold() {
    var late = 40
    var early = 39
    var folded = InlineArray<40, Float>(repeating: 0)
    for sample in 0..<40 {
      folded[sample] = filtered[late] - filtered[early]
      filtered[early] += filtered[late]
      late &+= 1
      early &-= 1
    }
    // The sums stand in reverse.
    for sample in 0..<20 {
      let first = filtered[sample]
      filtered[sample] = filtered[39 &- sample]
      filtered[39 &- sample] = first
    }
    for sample in 0..<40 { filtered[40 &+ sample] = folded[sample] }
  }

  @_noLocks
  private mutating func weigh() {
    energies[slot] = blockEnergy
    // Hann, at the middles of the eight blocks; symmetrical, so that age counts either way.
    let weights: InlineArray<4, Float> = [0.038_060_23, 0.308_658_3, 0.691_341_7, 0.961_939_8]
    var sum: Float = 0
    for group in 0..<groups { windowStorage[group] = SIMD4(repeating: 0) }
    for group in 0..<groups {
      var re = SIMD4<Float>(repeating: 0)
      var im = SIMD4<Float>(repeating: 0)
      for age in 0..<8 {
        let place: Int = (slot &+ 8 &- age) & 7
        let at = history + (place &* 2 &* groups &+ group)
        let weight = SIMD4<Float>(repeating: weights[age < 4 ? age : 7 &- age])
        re += weight * Self.unpacked(at[0])
        im += weight * Self.unpacked(at[groups])
      }
      windowStorage[group] = re * re + im * im
    }
    for age in 0..<8 {
      let weight = weights[age < 4 ? age : 7 &- age]
      sum += weight * weight * energies[(slot &+ 8 &- age) & 7]
    }
    energy = sum
  }
}
