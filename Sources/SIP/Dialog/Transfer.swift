/// A transfer that the peer asked for, and the implicit subscription to how it goes (RFC 3515 §2.4).
///
///     REFER ──▶ [ requested ] ── accept: 202, NOTIFY 100 ──▶ [ reporting ] ── final NOTIFY ──▶ over
///                    | reject, 20 s: 3xx-6xx ──▶ over             | 180 s, the peer forgot it (481) ──▶ over
///
/// Kept in a box: hardly any leg has one.
indirect enum Transfer: Sendable {
  case requested(Request)
  case reporting(Report)

  struct Request: Sendable {
    var transaction: ServerTransactionID
    var request: SIPRequest
    var number: UInt32
    /// Refer-Sub: false (RFC 4488): the peer does not want to know.
    var wantsReports: Bool
    var deadline: Duration
  }

  struct Report: Sendable {
    /// The `id` of the Event; nil for the first REFER of a dialog (RFC 3515 §2.4.6).
    var id: UInt32?
    var deadline: Duration
    /// The dialog, kept for the reports after the call in it has ended (RFC 5057).
    var dialog: Dialog?
  }

  var deadline: Duration {
    switch self {
    case .requested(let request): request.deadline
    case .reporting(let report): report.deadline
    }
  }

  /// The call in the dialog is over, the reports are not.
  var outlivesCall: Bool {
    if case .reporting(let report) = self { report.dialog != nil } else { false }
  }

  /// How long the application may take to answer a REFER.
  static let answerTime = Duration.seconds(20)
  /// How long a report may take: a little longer than a call that rings (timer C).
  static let reportTime = 180
}
