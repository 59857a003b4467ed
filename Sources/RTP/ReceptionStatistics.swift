package import RealTime

/// Counts what one source sent against what came: RFC 3550, A.1 (validity), A.3 (loss) and A.8 (jitter).
///
/// ```
///            first packet            next in sequence
///  (none) ───────────────▶ probation ───────────────▶ valid ──▶ jump beyond 3,000 ahead or 100 behind: held as a
///                             ▲  │ out of sequence      ▲         suspect; its successor restarts the count
///                             └──┘                      └──────── restart
/// ```
package struct ReceptionStatistics: BitwiseCopyable, Sendable {
  /// What a packet is to the count.
  package enum Verdict: BitwiseCopyable, Sendable, Equatable {
    /// In the stream; the number without wrap. A late or doubled packet has it too.
    case valid(sequence: Int64)
    /// The source has not yet sent two packets in order.
    case probation(sequence: Int64)
    /// A jump that its successor confirmed: a new count starts here, and receivers start again.
    case restarted(sequence: Int64)
    /// A jump, until confirmed.
    case suspect
  }

  private static var maximumDropout: UInt16 { @_noLocks get { 3_000 } }
  private static var maximumMisorder: UInt16 { @_noLocks get { 100 } }

  /// Time stamp units a second.
  package let clockRate: Int
  /// Packets that counted as received, doubles too (as the RFC has it).
  package private(set) var received: Int64 = 0
  /// Octets of their payloads.
  package private(set) var receivedOctets: Int64 = 0
  private var started = false
  private var probation = 0
  private var baseSequence: Int64 = 0
  private var highest: Int64 = 0
  private var suspectSequence: UInt32 = .max
  private var expectedPrior: Int64 = 0
  private var receivedPrior: Int64 = 0
  private var transit: Int64?
  private var jitterTimes16: Int64 = 0

  /// Two packets in sequence make a source valid.
  @_noLocks
  package init(clockRate: Int = 8_000) {
    self.clockRate = clockRate < 1 ? 1 : clockRate
  }

  /// Counts one packet.
  ///
  /// Packets that repeat a time stamp on purpose (telephone events) pass `countsJitter: false`.
  @_noLocks
  package mutating func record(_ header: RTPHeader, payloadOctets: Int, arrival: MediaTime, countsJitter: Bool = true) -> Verdict {
    let verdict = place(header.sequence)
    switch verdict {
    case .valid, .restarted:
      received = received &+ 1
      receivedOctets = receivedOctets &+ Int64(payloadOctets)
      if countsJitter { measure(timestamp: header.timestamp, arrival: arrival) }
    case .probation, .suspect: break
    }
    return verdict
  }

  @_noLocks
  private mutating func start(at sequence: UInt16) {
    baseSequence = Int64(sequence)
    highest = Int64(sequence)
    suspectSequence = .max
    received = 0
    receivedPrior = 0
    expectedPrior = 0
    transit = nil
  }

  @_noLocks
  private mutating func place(_ sequence: UInt16) -> Verdict {
    let next = UInt16(truncatingIfNeeded: highest &+ 1)
    guard started else {
      started = true
      probation = 1
      start(at: sequence)
      return .probation(sequence: highest)
    }
    if probation > 0 {
      if sequence == next {
        probation = 0
        start(at: sequence)
        return .valid(sequence: highest)
      }
      start(at: sequence)
      return .probation(sequence: highest)
    }
    let ahead = sequence &- UInt16(truncatingIfNeeded: highest)
    if ahead < Self.maximumDropout {
      highest = highest &+ Int64(ahead)
      return .valid(sequence: highest)
    }
    if ahead <= 0 &- Self.maximumMisorder {
      if UInt32(sequence) == suspectSequence {
        start(at: sequence)
        return .restarted(sequence: highest)
      }
      suspectSequence = UInt32(sequence &+ 1)
      return .suspect
    }
    // Behind: late or doubled.
    return .valid(sequence: highest &- Int64(0 &- ahead))
  }

  @_noLocks
  private mutating func measure(timestamp: UInt32, arrival: MediaTime) {
    let units = arrival.nanoseconds / 1_000 &* Int64(clockRate) / 1_000_000
    let now = Int64(UInt32(truncatingIfNeeded: units) &- timestamp)
    if let before = transit {
      let difference = Int64(Int32(truncatingIfNeeded: now &- before))
      let magnitude = difference < 0 ? 0 &- difference : difference
      jitterTimes16 = jitterTimes16 &+ magnitude &- ((jitterTimes16 &+ 8) >> 4)
    }
    transit = now
  }

  /// Packets that should have come by the highest number seen.
  package var expected: Int64 {
    @_noLocks get { started && probation == 0 ? highest &- baseSequence &+ 1 : 0 }
  }

  /// Expected less received; negative when doubles came.
  package var lost: Int64 {
    @_noLocks get { expected &- received }
  }

  /// Interarrival jitter, time stamp units.
  package var jitter: UInt32 {
    @_noLocks get { UInt32(truncatingIfNeeded: jitterTimes16 >> 4) }
  }

  /// Interarrival jitter, microseconds.
  package var jitterMicroseconds: Int {
    @_noLocks get { Int(jitterTimes16 &* 1_000_000 / 16 / Int64(clockRate)) }
  }

  /// Whether the source has passed its probation.
  package var isValid: Bool {
    @_noLocks get { started && probation == 0 }
  }

  /// The highest number so far with its wraps, as a report carries it.
  package var extendedHighestSequence: UInt32 {
    @_noLocks get { UInt32(truncatingIfNeeded: highest) }
  }

  /// Loss since the last call, in 256ths; 0 when nothing was expected (A.3).
  ///
  /// Each report asks once.
  @_noLocks
  package mutating func takeFractionLost() -> UInt8 {
    let expectedInterval = expected &- expectedPrior
    let receivedInterval = received &- receivedPrior
    expectedPrior = expected
    receivedPrior = received
    let lostInterval = expectedInterval &- receivedInterval
    guard expectedInterval > 0, lostInterval > 0 else { return 0 }
    let fraction = (lostInterval << 8) / expectedInterval
    return fraction > 255 ? 255 : UInt8(truncatingIfNeeded: fraction)
  }
}
