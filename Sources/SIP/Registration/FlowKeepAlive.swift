/// Keep-alives on the flow of a registration (RFC 5626 §4.4).
///
///     [ resting ] ── time: send ──▶ [ resting ]                     UDP, and peers that do not say they answer
///     [ resting ] ── time: send ──▶ [ asked ] ── answer ──▶ [ resting ]
///                                      └── 10 s: lost
struct FlowKeepAlive: Sendable {
  enum Action: Sendable, Equatable { case none, send, lost }

  private enum State: Sendable {
    case resting(until: Duration)
    case asked(until: Duration)
  }

  let flow: Flow
  private let expectsAnswer: Bool
  /// Bounds in milliseconds.
  private let interval: ClosedRange<Int>
  private var state: State

  /// - Parameter flowTimer: seconds after which the registrar takes the flow for dead, as its Flow-Timer says.
  /// - Parameter draw: 0 … 1,000, as in the other functions: where in the interval the next time lies.
  init(_ flow: Flow, expectsAnswer: Bool, flowTimer: Int?, draw: Int, now: Duration) {
    self.flow = flow
    self.expectsAnswer = expectsAnswer && flow.transport.isReliable
    if let flowTimer {
      // RFC 5626 §4.4.1: 80 to 100 percent.
      interval = max(flowTimer, 1) * 800...max(flowTimer, 1) * 1000
    } else {
      // RFC 5626 §4.4.2 and §4.4.1.
      interval = flow.transport.isReliable ? 95_000...120_000 : 24_000...29_000
    }
    state = .resting(until: now)
    rest(draw, now)
  }

  var deadline: Duration {
    switch state {
    case .resting(let until), .asked(let until): until
    }
  }

  mutating func advance(to now: Duration, draw: Int) -> Action {
    guard now >= deadline else { return .none }
    if case .asked = state { return .lost }
    if expectsAnswer { state = .asked(until: now + .seconds(10)) } else { rest(draw, now) }
    return .send
  }

  mutating func answered(now: Duration, draw: Int) {
    if case .asked = state { rest(draw, now) }
  }

  private mutating func rest(_ draw: Int, _ now: Duration) {
    let width = interval.upperBound - interval.lowerBound
    state = .resting(until: now + .milliseconds(interval.lowerBound + width * min(max(draw, 0), 1000) / 1000))
  }
}
