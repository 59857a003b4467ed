/// Our reliable provisional responses to one INVITE, one after the other (RFC 3262 §3).
///
///     1xx: number, send ──▶ [ waiting ]--+ T1, 2 T1, 4 T1, …: send (over TCP and TLS too)
///                ^            |    |  ^--+
///                | the next   |    | 64 × T1: give up, the INVITE is refused
///                |   PRACK of |    V
///                +---- its number  [ over ]
///
/// A 1xx or the 200 that comes in [ waiting ] is kept back until the PRACK.
struct ReliableResponses: Sendable {
  enum Action: Sendable, Equatable { case none, retransmit, giveUp }

  /// A response that waits for its turn.
  struct Queued: Sendable {
    var status: Int
    var sdp: [UInt8]?
  }

  private struct Waiting: Sendable {
    var response: SIPResponse
    var schedule: RetransmissionSchedule
    var limit: Duration
  }

  private var lastNumber: UInt32
  private var waiting: Waiting?
  private(set) var queue: [Queued] = []

  /// - Parameter first: the number before the first; the first is chosen at random between 1 and 2³¹ - 1.
  init(first: UInt32) { lastNumber = first }

  var isWaiting: Bool { waiting != nil }

  var deadline: Duration? { waiting.map { min($0.schedule.next, $0.limit) } }

  /// The response that is sent again.
  var response: SIPResponse? { waiting?.response }

  /// Numbers a response; it is sent again until `acknowledge` is told its number.
  mutating func start(_ response: SIPResponse, timers: TransactionTimers, now: Duration) -> SIPResponse {
    lastNumber += 1
    var response = response
    response.headers.add(.require, "100rel")
    response.headers.add(.rseq, String(lastNumber))
    waiting = Waiting(
      response: response, schedule: RetransmissionSchedule(first: timers.t1, ceiling: nil, now: now), limit: now + timers.timeout)
    return response
  }

  /// Takes a response for later; the latest of those without description is enough.
  mutating func enqueue(_ response: Queued) {
    if let last = queue.last, last.sdp == nil { queue.removeLast() }
    if queue.count < 4 { queue.append(response) }
  }

  mutating func dequeue() -> Queued? { queue.isEmpty ? nil : queue.removeFirst() }

  mutating func dropQueue() { queue.removeAll() }

  /// The PRACK's RAck; false: it is not that of the response that waits.
  mutating func acknowledge(number: UInt32) -> Bool {
    guard waiting != nil, number == lastNumber else { return false }
    waiting = nil
    return true
  }

  mutating func advance(to now: Duration) -> Action {
    guard var current = waiting else { return .none }
    if now >= current.limit {
      waiting = nil
      return .giveUp
    }
    guard now >= current.schedule.next else { return .none }
    current.schedule.fire(now: now)
    waiting = current
    return .retransmit
  }
}
