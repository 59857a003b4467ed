package import ControlAPI
package import Phone

/// What `kakehashi call --json` prints.
package struct CallSummary: Encodable, Sendable, Equatable {
  package var number: String
  /// How it came out.
  ///
  /// `answered`, `busy`, `no_answer`, `not_found`, `bad_number`, `refused`, `all_lines_busy`, `congestion`, `unreachable`, `cancelled`, `failed`.
  package var outcome: String
  package var sipStatus: Int?
  package var causeQ850: Int?
  package var reason: String?
  /// `here`, `far` or `lost`.
  package var endedBy: String?
  package var secondsToAnswer: Double?
  package var talkSeconds: Double?
  package var line: String?
  package var answerEvidence: String?
  package var endEvidence: String?
  /// Keys pressed at the far end.
  package var keysHeard: String
  package var codec: String?
  /// `none`, or as in the gateway's status.
  package var security: String?
  package var packetsSent: Int
  package var packetsReceived: Int
  package var packetsLost: Int
  package var packetsLate: Int
  package var concealedMs: Int
  package var jitterMs: Double
  package var roundTripMs: Double?
  package var delayMs: Double?
  /// MOS-CQ of ITU-T G.107 of what was heard here, and by the gateway's reports there.
  package var mos: Double?
  package var mosAtGateway: Double?

  package init(_ report: CallReport, number: String, keysHeard: String = "", gateway call: CallStatus?) {
    let figures = report.statistics
    self.keysHeard = keysHeard
    self.number = number
    switch report.outcome {
    case .answered(let side):
      outcome = "answered"
      endedBy = side.rawValue
      reason = report.endReason
    case .failed(let failure):
      outcome = failure.kind.rawValue
      sipStatus = failure.status
      causeQ850 = failure.causeQ850
      reason = failure.text
    }
    secondsToAnswer = report.secondsToAnswer
    talkSeconds = report.talkSeconds
    line = call?.line
    answerEvidence = call?.answer?.evidence
    endEvidence = call?.end?.evidence
    codec = figures.codec?.name
    security = figures.codec.map { _ in figures.security?.name ?? "none" }
    packetsSent = figures.packetsSent
    packetsReceived = figures.packetsReceived
    packetsLost = figures.packetsLost
    packetsLate = figures.packetsLate
    concealedMs = figures.concealedMilliseconds
    jitterMs = figures.jitterMilliseconds
    roundTripMs = figures.roundTripMilliseconds
    delayMs = figures.delayMilliseconds
    mos = figures.mosHere.map { (Double($0) * 100).rounded() / 100 }
    mosAtGateway = figures.mosAtGateway.map { (Double($0) * 10).rounded() / 10 }
  }
}

extension CallFailure {
  /// `busy (486, Q.850 17: user busy)`.
  package var sentence: String {
    var details: [String] = []
    if let status { details.append("SIP \(status)") }
    if let causeQ850 { details.append("Q.850 \(causeQ850)") }
    let detail = details.joined(separator: ", ")
    let words = text.lowercased() == kind.words ? "" : ": \(text)"
    return kind.words + words + (detail.isEmpty ? "" : " (\(detail))")
  }
}
