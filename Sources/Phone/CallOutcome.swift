/// How a call came out.
package enum CallOutcome: Sendable, Equatable {
  case answered(endedBy: Side)
  case failed(CallFailure)

  /// Who ended an answered call.
  package enum Side: String, Sendable, Equatable {
    /// `talkSeconds`, or `hangUp`.
    case here
    /// A BYE came.
    case far
    /// The gateway no longer answers, or no longer knows the call.
    case lost
  }

  package var wasAnswered: Bool {
    if case .answered = self { true } else { false }
  }
}

/// Why a call was not answered.
package struct CallFailure: Sendable, Equatable {
  package enum Kind: String, Sendable, CaseIterable {
    case busy
    case noAnswer = "no_answer"
    case notFound = "not_found"
    case badNumber = "bad_number"
    case refused
    case allLinesBusy = "all_lines_busy"
    case congestion
    case unreachable
    /// This side gave up.
    case cancelled
    case failed

    /// For people, in lower case.
    package var words: String {
      switch self {
      case .busy: "busy"
      case .noAnswer: "no answer"
      case .notFound: "not found"
      case .badNumber: "bad number"
      case .refused: "refused"
      case .allLinesBusy: "all lines busy"
      case .congestion: "congestion"
      case .unreachable: "unreachable"
      case .cancelled: "given up"
      case .failed: "failed"
      }
    }
  }

  package var kind: Kind
  /// The final response's status; nil when none came.
  package var status: Int?
  /// The Q.850 cause of its Reason header.
  package var causeQ850: Int?
  /// The Reason header's text, or the response's phrase, or what went wrong here.
  package var text: String

  package init(_ kind: Kind, status: Int? = nil, causeQ850: Int? = nil, text: String) {
    self.kind = kind
    self.status = status
    self.causeQ850 = causeQ850
    self.text = text
  }

  /// What a final response says; the Q.850 cause decides where statuses have several meanings.
  package init(status: Int, phrase: String, causeQ850: Int?, causeText: String?) {
    self.init(Self.kind(status, causeQ850), status: status, causeQ850: causeQ850, text: causeText ?? phrase)
  }

  private static func kind(_ status: Int, _ cause: Int?) -> Kind {
    switch (status, cause) {
    case (503, 34): .allLinesBusy
    case (503, 42), (503, 41): .congestion
    case (486, _), (600, _): .busy
    case (480, _), (408, _): .noAnswer
    case (404, _), (410, _), (604, _): .notFound
    case (484, _), (416, _), (414, _): .badNumber
    case (401, _), (403, _), (407, _), (603, _): .refused
    case (487, _): .cancelled
    default: .failed
    }
  }
}

/// What is left of a call when it is over.
package struct CallReport: Sendable, Equatable {
  package var outcome: CallOutcome
  /// Seconds from the INVITE to the answer.
  package var secondsToAnswer: Double?
  /// Seconds from the answer to the end.
  package var talkSeconds: Double?
  /// The Reason of the far side's BYE.
  package var endReason: String?
  package var statistics: PhoneStatistics

  package init(
    outcome: CallOutcome, secondsToAnswer: Double? = nil, talkSeconds: Double? = nil, endReason: String? = nil, statistics: PhoneStatistics
  ) {
    self.outcome = outcome
    self.secondsToAnswer = secondsToAnswer
    self.talkSeconds = talkSeconds
    self.endReason = endReason
    self.statistics = statistics
  }
}
