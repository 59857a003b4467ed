/// Where in 0–316 ms the echo lies: cross-correlation of what was played and what was captured, whitened, in partitions of 20 ms.
///
/// ```
///  block ─▶ X (ring of 36)   M ─▶ S[p] = 0.985·S[p] + X*(t − 2p)·M    18 partitions
///  every 10 active blocks: S / (power + 3 %) back to time ─▶ strongest 24 taps of 2,880 ─▶ candidate ─▶ hits at the same place
/// ```
struct EchoDelayFinder: ~Copyable {
  private static var partitions: Int { @_noLocks get { 18 } }
  /// 250–3,470 Hz.
  private static var firstBin: Int { @_noLocks get { 8 } }
  private static var bins: Int { @_noLocks get { 104 } }
  private static var lags: Int { @_noLocks get { EchoRoom.lags } }
  private static var slots: Int { @_noLocks get { 36 } }

  private let pastReal: UnsafeMutablePointer<Float>
  private let pastImaginary: UnsafeMutablePointer<Float>
  private let crossReal: UnsafeMutablePointer<Float>
  private let crossImaginary: UnsafeMutablePointer<Float>
  private let power: UnsafeMutablePointer<Float>
  /// A canceller holds it.
  var isTaken = false
  private var newest = 0
  private var activeBlocks = 0
  private var filled = 0
  private var candidate = -1
  private var hits = 0

  init() {
    func zeros(_ count: Int) -> UnsafeMutablePointer<Float> {
      let buffer = UnsafeMutablePointer<Float>.allocate(capacity: count)
      buffer.initialize(repeating: 0, count: count)
      return buffer
    }
    pastReal = zeros(Self.slots * Self.bins)
    pastImaginary = zeros(Self.slots * Self.bins)
    crossReal = zeros(Self.partitions * Self.bins)
    crossImaginary = zeros(Self.partitions * Self.bins)
    power = zeros(Self.bins)
  }

  deinit {
    pastReal.deallocate()
    pastImaginary.deallocate()
    crossReal.deallocate()
    crossImaginary.deallocate()
    power.deallocate()
  }

  /// Begins anew; what was gathered before is another path's.
  @_noLocks
  mutating func reset() {
    for index in 0..<(Self.partitions &* Self.bins) {
      crossReal[index] = 0
      crossImaginary[index] = 0
    }
    for index in 0..<Self.bins { power[index] = 0 }
    for index in 0..<(Self.slots &* Self.bins) {
      pastReal[index] = 0
      pastImaginary[index] = 0
    }
    newest = 0
    activeBlocks = 0
    filled = 0
    candidate = -1
    hits = 0
  }

  /// How sure it must be.
  struct Demand: BitwiseCopyable {
    var hits: Int
    /// The strongest place against the mean.
    var factor: Float
    /// 160 taps that a candidate must be so much stronger than; -1: none.
    var window: Int
  }

  /// Takes a block, `room.played` and `room.captured`, without any bulk delay; the delay in samples where it is sure of a new one, else -1.
  @_noLocks
  mutating func process(isActive: Bool, demand: Demand, in room: EchoRoom) -> Int {
    gather(isActive: isActive, in: room)
    filled &+= 1
    guard isActive else { return -1 }
    activeBlocks &+= 1
    guard activeBlocks % 10 == 0, filled >= 20 else { return -1 }
    return judge(demand, in: room)
  }

  @_noLocks
  private mutating func gather(isActive: Bool, in room: EchoRoom) {
    let real = room.real
    let imaginary = room.imaginary
    let none = SIMD4<Float>(repeating: 0)
    var index = 0
    while index < 256 {
      real.store(room.played.vector(index), index)
      imaginary.store(index < 176 ? none : room.captured.vector(index &- 176), index)
      index &+= 4
    }
    room.transform.transform(real, imaginary)
    newest = newest &+ 1 == Self.slots ? 0 : newest &+ 1
    let half = SIMD4<Float>(repeating: 0.5)
    let keep = SIMD4<Float>(repeating: 0.985)
    let to = newest &* Self.bins
    // The captured block's bins go where the transform's own are done with: in place.
    var bin = 0
    while bin < Self.bins {
      let k = Self.firstBin &+ bin
      let zr = real.vector(k)
      let zi = imaginary.vector(k)
      let mr = real.vector(253 &- k).backward
      let mi = imaginary.vector(253 &- k).backward
      let xr = half * (zr + mr)
      let xi = half * (zi - mi)
      pastReal.store(xr, to &+ bin)
      pastImaginary.store(xi, to &+ bin)
      real.store(half * (zi + mi), k)
      imaginary.store(half * (mr - zr), k)
      if isActive { power.store(keep * power.vector(bin) + xr * xr + xi * xi, bin) }
      bin &+= 4
    }
    guard isActive else { return }
    var partition = 0
    while partition < Self.partitions {
      var slot = newest &- 2 &* partition
      if slot < 0 { slot &+= Self.slots }
      let past = slot &* Self.bins
      let cross = partition &* Self.bins
      bin = 0
      while bin < Self.bins {
        let xr = pastReal.vector(past &+ bin)
        let xi = pastImaginary.vector(past &+ bin)
        let er = real.vector(Self.firstBin &+ bin)
        let ei = imaginary.vector(Self.firstBin &+ bin)
        crossReal.store(keep * crossReal.vector(cross &+ bin) + xr * er + xi * ei, cross &+ bin)
        crossImaginary.store(keep * crossImaginary.vector(cross &+ bin) + xr * ei - xi * er, cross &+ bin)
        bin &+= 4
      }
      partition &+= 1
    }
  }

  @_noLocks
  private mutating func judge(_ demand: Demand, in room: EchoRoom) -> Int {
    let response = room.response
    var mean: Float = 0
    for bin in 0..<Self.bins { mean += power[bin] }
    mean /= Float(Self.bins)
    guard mean > 0 else { return -1 }
    respond(mean: mean, in: room)
    var total: Float = 0
    for lag in 0..<Self.lags {
      response[lag] = response[lag] * response[lag]
      total += response[lag]
    }
    let average = total * 24 / Float(Self.lags)
    var sum: Float = 0
    for lag in 0..<24 { sum += response[lag] }
    var best = sum
    var place = 0
    for lag in 24..<Self.lags {
      sum += response[lag] - response[lag &- 24]
      if sum > best {
        best = sum
        place = lag &- 23
      }
    }
    var peak = place
    for lag in place..<(place &+ 24) where response[lag] > response[peak] { peak = lag }
    guard best > demand.factor * average else {
      candidate = -1
      hits = 0
      return -1
    }
    if demand.window >= 0 {
      var present: Float = 0
      var sum: Float = 0
      // The strongest 24 taps within the present window.
      for lag in demand.window..<(demand.window &+ 160) where lag < Self.lags {
        sum += response[lag]
        if lag &- demand.window >= 24 { sum -= response[lag &- 24] }
        if sum > present { present = sum }
      }
      guard best > 4 * present else { return -1 }
    }
    let distance = peak &- candidate
    if candidate >= 0, distance >= -20, distance <= 20 { hits &+= 1 } else { hits = 1 }
    candidate = peak
    let needed = best > 12 * average && demand.window < 0 ? demand.hits &- 1 : demand.hits
    guard hits >= needed else { return -1 }
    hits = 0
    return peak
  }

  /// Whitened cross-correlation of all partitions, two in one inverse transform.
  @_noLocks
  private func respond(mean: Float, in room: EchoRoom) {
    let real = room.real
    let imaginary = room.imaginary
    let response = room.response
    let floor = SIMD4<Float>(repeating: 0.03 * mean)
    var partition = 0
    while partition < Self.partitions {
      for index in 0..<257 {
        real[index] = 0
        imaginary[index] = 0
      }
      let first = partition &* Self.bins
      let second = first &+ Self.bins
      var bin = 0
      while bin < Self.bins {
        let weight = SIMD4<Float>(repeating: 1) / (power.vector(bin) + floor)
        // A + jB with both transforms real: their conjugates at k, and what mirrors them.
        let ar = crossReal.vector(first &+ bin) * weight
        let ai = crossImaginary.vector(first &+ bin) * weight
        let br = crossReal.vector(second &+ bin) * weight
        let bi = crossImaginary.vector(second &+ bin) * weight
        let k = Self.firstBin &+ bin
        // conj(A) + j·conj(B) forward gives a + jb (real a, b), since the inverse of A is the conjugate's forward transform.
        real.store(ar + bi, k)
        imaginary.store(br - ai, k)
        real.store((ar - bi).backward, 253 &- k)
        imaginary.store((br + ai).backward, 253 &- k)
        bin &+= 4
      }
      room.transform.transform(real, imaginary)
      for lag in 0..<160 {
        response[partition &* 160 &+ lag] = real[lag]
        response[partition &* 160 &+ 160 &+ lag] = imaginary[lag]
      }
      partition &+= 2
    }
  }
}
