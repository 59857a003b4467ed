/// What a telephone of the exchange did and heard: an answer to a query, a copy.
package struct TelephoneState: Sendable, Equatable {
  package var number: String
  package var state: SimulatorConfiguration.State

  /// Calls that run, and the last ones that ended; oldest first.
  package var calls: [TelephoneCallState]

  package var activeCalls: Int { calls.count { $0.phase != .ended } }
}

/// One call at one telephone; times in ms from the exchange's start.
package struct TelephoneCallState: Sendable, Equatable, Identifiable {
  package enum Direction: String, Sendable {
    /// The gateway's line called the telephone.
    case received
    /// The telephone called the line.
    case placed
  }

  package enum Phase: String, Sendable {
    case ringing
    case talking
    case ended
  }

  package enum End: String, Sendable {
    case telephone
    case line
    /// The line that was called was not free.
    case lineBusy = "line_busy"
    /// All trunks were taken.
    case congestion
    /// The line did not answer.
    case noAnswer = "no_answer"
  }

  package var id: Int
  package var line: LineID
  package var direction: Direction
  package var phase: Phase
  package var beganAt: Int
  package var answeredAt: Int?
  package var endedAt: Int?
  package var end: End?

  /// DTMF heard from the line: each press once.
  package var heardDigits: String

  /// DTMF sent.
  package var keyedDigits: String

  /// Level of what is heard, dBm0, over about 300 ms; at the end of the call for a call that has ended.
  package var levelDBm0: Double

  /// Highest level heard of any 10 ms, dBm0.
  package var peakDBm0: Double

  /// The file written, and what went wrong with it.
  package var recording: String?
  package var recordingError: String?
}
