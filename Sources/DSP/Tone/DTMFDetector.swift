private import CSpanDSP
package import Numbering
package import RealTime

/// A change heard by `DTMFDetector`; positions are in samples since its start.
package enum DTMFEvent: Hashable, Sendable, BitwiseCopyable {
  /// A key went down about this position (±13 ms).
  case began(DTMFDigit, position: Int64)
  /// It went up again about this position (±13 ms).
  case ended(DTMFDigit, began: Int64, position: Int64)
}

/// Hears DTMF digits in a line's audio: spandsp's receiver, with its twist widened to the country's limits.
///
/// Each press gives one `began` and one `ended`. Tones of 40 ms and pauses of 40 ms are told apart; the delay is about 35 ms.
/// `init` allocates; everything else may run on the tick.
package struct DTMFDetector: ~Copyable, @unchecked Sendable {
  // spandsp decides on blocks of 102 samples, and on the second block that says the same.
  private static var block: Int64 { @_noLocks get { 102 } }

  private let state: OpaquePointer
  private let report: UnsafeMutablePointer<cspandsp_digit_report>
  private var position: Int64 = 0
  private var current: DTMFDigit?
  private var beganAt: Int64 = 0
  private var pending: InlineArray<16, DTMFEvent>
  private var first = 0
  private var count = 0

  /// A detector that begins now.
  ///
  /// - Parameter threshold: dBm0 of the weaker tone.
  package init(limits: DTMFLimits = .standard, threshold: Int = -42) {
    let report = UnsafeMutablePointer<cspandsp_digit_report>.allocate(capacity: 1)
    report.initialize(to: cspandsp_digit_report())
    // Measured: spandsp refuses 2 dB before its nominal limit, since a block that is not full of tone skews the ratio.
    guard
      let state = cspandsp_dtmf_rx_create(report, Int32(limits.twist + 2), Int32(limits.reverseTwist + 3), Int32(threshold))
    else { preconditionFailure("no memory for a DTMF receiver") }
    self.state = state
    self.report = report
    pending = InlineArray(repeating: .began(Self.anyDigit, position: 0))
  }

  deinit {
    _ = dtmf_rx_free(state)
    report.deallocate()
  }

  private static var anyDigit: DTMFDigit { DTMFDigit(rawValue: 0) ?? DTMFDigit.all[0] }

  /// Whether a key is held down now.
  package var digitInProgress: DTMFDigit? { @_noLocks get { current } }

  /// Listens to 10 ms; events are then to be fetched by `nextEvent()`.
  @_noLocks
  package mutating func process(_ frame: borrowing AudioFrame) {
    report.pointee.count = 0
    let state = state
    frame.withSamples { samples in _ = dtmf_rx(state, samples.baseAddress, Int32(samples.count)) }
    position &+= Int64(AudioFormat.samplesPerFrame)
    // A frame holds at most one block's end, so at most one report.
    guard report.pointee.count > 0 else { return }
    let code = report.pointee.codes.0
    let decided = position / Self.block * Self.block
    if let digit = current {
      let end = max(beganAt, decided &- Self.block &* 2 &+ Self.block / 2)
      append(.ended(digit, began: beganAt, position: end))
      current = nil
    }
    if code > 0, code < 128, let digit = DTMFDigit(ascii: UInt8(truncatingIfNeeded: code)) {
      current = digit
      beganAt = max(0, decided &- Self.block &* 2 &- Self.block / 4)
      append(.began(digit, position: beganAt))
    }
  }

  /// The next change, in order; nil when there is none.
  @_noLocks
  package mutating func nextEvent() -> DTMFEvent? {
    guard count > 0 else { return nil }
    let event = pending[first]
    first = (first &+ 1) & 15
    count &-= 1
    return event
  }

  @_noLocks
  private mutating func append(_ event: DTMFEvent) {
    guard count < 16 else { return }
    pending[(first &+ count) & 15] = event
    count &+= 1
  }
}
