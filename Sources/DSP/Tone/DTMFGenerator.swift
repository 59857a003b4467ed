package import RealTime

/// Keys DTMF digits into a line: a queue of digits, each with its tone and pause, or one digit held as long as a key is.
///
/// `init` allocates; everything else may run on the tick.
package struct DTMFGenerator: ~Copyable, @unchecked Sendable {
  private struct Key: BitwiseCopyable {
    var digit: UInt8
    var samples: Int
  }

  private enum Phase: BitwiseCopyable {
    case idle
    case tone
    case pause
  }

  private let queue: UnsafeMutablePointer<Key>
  private let capacity: Int
  private let low: UnsafeMutablePointer<Oscillator>
  private let high: UnsafeMutablePointer<Oscillator>
  private let lowPeak: Double
  private let highPeak: Double
  private let toneSamples: Int
  private let pauseSamples: Int
  private var head = 0
  private var count = 0
  private var phase = Phase.idle
  private var digit = 0
  private var remaining = 0
  private var envelope = 0.0

  /// Prepares the sixteen tone pairs.
  ///
  /// - Parameters:
  ///   - capacity: digits that may wait.
  ///   - lowLevel: dBm0 of the low tone.
  ///   - highLevel: dBm0 of the high tone; 2 dB above the low one by default, since cables weaken it more.
  ///   - toneMilliseconds, pauseMilliseconds: of a digit that says no other.
  package init(
    capacity: Int = 64, lowLevel: Float = -10, highLevel: Float = -8, toneMilliseconds: Int = 80, pauseMilliseconds: Int = 80
  ) {
    self.capacity = max(1, capacity)
    queue = .allocate(capacity: self.capacity)
    low = .allocate(capacity: 16)
    high = .allocate(capacity: 16)
    for digit in DTMFDigit.all {
      (low + Int(digit.rawValue)).initialize(to: Oscillator(frequency: digit.lowFrequency))
      (high + Int(digit.rawValue)).initialize(to: Oscillator(frequency: digit.highFrequency))
    }
    lowPeak = Double(Level.sinePeak(dbm0: lowLevel))
    highPeak = Double(Level.sinePeak(dbm0: highLevel))
    toneSamples = max(8, toneMilliseconds * AudioFormat.samplesPerMillisecond)
    pauseSamples = max(0, pauseMilliseconds * AudioFormat.samplesPerMillisecond)
  }

  deinit {
    queue.deallocate()
    low.deallocate()
    high.deallocate()
  }

  /// Whether nothing sounds and nothing waits, the pause after the last digit over.
  package var isIdle: Bool { @_noLocks get { phase == .idle && count == 0 } }

  /// Digits that wait, without the one that sounds.
  package var waiting: Int { @_noLocks get { count } }

  /// Queues a digit; false when the queue is full.
  ///
  /// - Parameter milliseconds: length of its tone; 0: the generator's own. Int.max: until `release()`.
  @discardableResult
  @_noLocks
  package mutating func enqueue(_ digit: DTMFDigit, milliseconds: Int = 0) -> Bool {
    guard count < capacity else { return false }
    let place = (head &+ count) % capacity
    let longest = 600_000
    let samples = milliseconds == Int.max ? Int.max : min(milliseconds, longest) &* AudioFormat.samplesPerMillisecond
    queue[place] = Key(digit: digit.rawValue, samples: milliseconds > 0 ? samples : toneSamples)
    count &+= 1
    return true
  }

  /// Queues the digits of a dial string; gives back how many were taken, symbols without a tone left out.
  @discardableResult
  package mutating func enqueue(digits: String) -> Int {
    var taken = 0
    for byte in digits.utf8 {
      if let digit = DTMFDigit(ascii: byte), enqueue(digit) { taken += 1 }
    }
    return taken
  }

  /// Lets the held digit go: its tone ends, the pause follows.
  ///
  /// The tone is never shorter than the generator's own.
  @_noLocks
  package mutating func release() {
    if count > 0 {
      let last = (head &+ count &- 1) % capacity
      if queue[last].samples == Int.max { queue[last].samples = toneSamples }
      return
    }
    guard phase == .tone, remaining > Int.max / 2 else { return }
    let played = Int.max &- remaining
    remaining = max(rampSamples, toneSamples &- played)
  }

  /// Silence at once, nothing waits.
  @_noLocks
  package mutating func clear() {
    count = 0
    if phase == .tone { remaining = min(remaining, rampSamples) } else { phase = .idle }
  }

  /// Overwrites the frame while digits sound or pause; leaves it alone and gives false when idle.
  @discardableResult
  @_noLocks
  package mutating func render(into frame: inout AudioFrame) -> Bool {
    guard !isIdle else { return false }
    for index in 0..<AudioFormat.samplesPerFrame { frame[index] = RealTimeMath.sample(Float(nextSample())) }
    return true
  }

  private var rampSamples: Int { @_noLocks get { 16 } }

  @_noLocks
  private mutating func nextSample() -> Double {
    if phase == .idle {
      guard count > 0 else { return 0 }
      let key = queue[head]
      head = (head &+ 1) % capacity
      count &-= 1
      digit = Int(key.digit)
      remaining = key.samples
      envelope = 0
      phase = .tone
      low[digit].restart()
      high[digit].restart()
    }
    remaining &-= 1
    guard phase == .tone else {
      if remaining <= 0 { phase = .idle }
      return 0
    }
    let step = 1.0 / 16
    if remaining < rampSamples { envelope -= step } else if envelope < 1 { envelope += step }
    if envelope < 0 { envelope = 0 }
    let value = (low[digit].next() * lowPeak + high[digit].next() * highPeak) * envelope
    if remaining <= 0 {
      phase = pauseSamples > 0 ? .pause : .idle
      remaining = pauseSamples
    }
    return value
  }
}
