/// Keys that go as INFO, one after another, where the gateway takes no telephone events.
struct InfoDigits: Sendable {
  static let delay = Duration.milliseconds(500)
  static let interval = Duration.milliseconds(250)

  private var waiting: [Character]
  private(set) var nextDeadline: Duration?

  init(_ digits: String) { waiting = Array(digits) }

  mutating func start(at now: Duration, isNeeded: Bool) {
    nextDeadline = isNeeded && !waiting.isEmpty ? now + Self.delay : nil
  }

  /// The digit to send now, if it is time for one.
  mutating func next(now: Duration) -> Character? {
    guard let deadline = nextDeadline, now >= deadline, !waiting.isEmpty else { return nil }
    let digit = waiting.removeFirst()
    nextDeadline = waiting.isEmpty ? nil : deadline + Self.interval
    return digit
  }
}
