/// Answer to `GET /v1/simulator/phones/{number}`: what a telephone of the simulated exchange did and heard.
package struct SimulatorPhone: Codable, Sendable, Equatable {
  package struct Call: Codable, Sendable, Equatable {
    package var id: Int
    package var line: String
    /// `received` or `placed`.
    package var direction: String
    /// `ringing`, `talking` or `ended`.
    package var state: String
    /// Milliseconds since the exchange's start.
    package var beganMs: Int
    package var answeredMs: Int?
    package var endedMs: Int?
    package var end: String?
    /// DTMF heard from the line, each press once.
    package var heardDigits: String
    package var keyedDigits: String
    package var levelDbm0: Double
    package var peakDbm0: Double
    /// The file that holds what it heard.
    package var recording: String?
    package var recordingError: String?

    package init(
      id: Int, line: String, direction: String, state: String, beganMs: Int, answeredMs: Int? = nil, endedMs: Int? = nil,
      end: String? = nil,
      heardDigits: String = "", keyedDigits: String = "", levelDbm0: Double = -100, peakDbm0: Double = -100, recording: String? = nil,
      recordingError: String? = nil
    ) {
      self.id = id
      self.line = line
      self.direction = direction
      self.state = state
      self.beganMs = beganMs
      self.answeredMs = answeredMs
      self.endedMs = endedMs
      self.end = end
      self.heardDigits = heardDigits
      self.keyedDigits = keyedDigits
      self.levelDbm0 = levelDbm0
      self.peakDbm0 = peakDbm0
      self.recording = recording
      self.recordingError = recordingError
    }
  }

  package var number: String
  /// `idle`, `busy` or `never_answers`.
  package var state: String
  /// Running ones, and the last that ended; oldest first.
  package var calls: [Call]
  /// Where the milliseconds of the calls began, in seconds of CLOCK_MONOTONIC, while the exchange's clock has no offset.
  package var clockOriginS: Double?

  package init(number: String, state: String, calls: [Call], clockOriginS: Double? = nil) {
    self.number = number
    self.state = state
    self.calls = calls
    self.clockOriginS = clockOriginS
  }
}

/// Body of `POST /v1/simulator/phones/{number}`.
package struct SimulatorPhoneCommand: Codable, Sendable, Equatable {
  package enum Action: String, Codable, Sendable, CaseIterable {
    case answer
    case hangUp = "hang_up"
    /// Needs `digits`.
    case key
    /// Needs `line`.
    case call
  }

  package var action: Action
  /// 0–9, `*`, `#`, A–D.
  package var digits: String?
  /// The line to call.
  package var line: String?
  /// A number, `withheld` or `unavailable`; nil: the telephone's own number.
  package var callerId: String?

  package init(_ action: Action, digits: String? = nil, line: String? = nil, callerId: String? = nil) {
    self.action = action
    self.digits = digits
    self.line = line
    self.callerId = callerId
  }
}
