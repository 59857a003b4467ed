package import TelephonyHAL

/// Which way a call was set up.
package enum CallDirection: String, Hashable, Sendable {
  /// From the packet network to the telephone network.
  case outbound
  /// From the telephone network to the packet network.
  case inbound
}

/// Where a call stands, as shown in the status.
package enum CallState: String, Hashable, Sendable {
  /// Before a line was seized.
  case starting
  /// A line is seized; no dial tone yet, or digits are being sent.
  case dialling
  /// All is dialled, nothing has been heard of the far end.
  case proceeding
  /// The far end rings; inbound: the softphones ring.
  case ringing
  /// An announcement is passed before the call is refused.
  case announcement
  case talking
  case held
  case ended
}

/// Who ended a call.
package enum CallParty: String, Hashable, Sendable {
  case caller
  case callee
  case gateway
}

/// What is known of a call: live in the status, kept as its record when it has ended.
///
/// Times are those of the inputs that call control was given: monotonic, since an arbitrary origin.
package struct CallRecord: Hashable, Sendable {
  package let id: CallID
  package let direction: CallDirection
  package var state: CallState
  /// Outbound: the called number in E.164, or as dialled where it has none.
  ///
  /// Inbound: the caller's, as the line told it; empty when it did not.
  package var number: String
  /// The party on the packet side, as a SIP URI.
  package var peer: String
  /// The account the packet side authenticated as; nil: a trusted network, a trunk, or inbound.
  package var account: String?
  /// The trunk that an outbound call came by.
  package var trunk: String?
  package var line: LineID?
  package var isEmergency: Bool
  package var startedAt: Duration
  package var answeredAt: Duration?
  package var endedAt: Duration?
  package var answer: AnswerEvidence?
  package var end: EndReason?
  /// What else happened on the way, in order: lines passed over, pre-emption; one sentence each.
  package var notes: [String]
  package var media: MediaStatistics
  /// The Call-IDs of all its legs, in order; for the trace, not kept with the record.
  package var sipCallIDs: [String] = []

  package init(
    id: CallID, direction: CallDirection, number: String, peer: String, account: String? = nil, isEmergency: Bool = false,
    startedAt: Duration
  ) {
    self.id = id
    self.direction = direction
    self.state = .starting
    self.number = number
    self.peer = peer
    self.account = account
    self.isEmergency = isEmergency
    self.startedAt = startedAt
    self.notes = []
    self.media = MediaStatistics()
  }

  /// How long was talked; zero for a call that was not answered.
  package var talkTime: Duration {
    guard let answeredAt, let endedAt, endedAt > answeredAt else { return .zero }
    return endedAt - answeredAt
  }
}
