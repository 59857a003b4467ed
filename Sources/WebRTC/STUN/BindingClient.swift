/// Asks a STUN server, over UDP, by which address it sees us (RFC 8489 §6.2.1).
///
///     begin ──▶ [ asking ] ── answer ──────────▶ [ over ] found
///                │    ^ │ error answer ────────▶ [ over ] failed
///                +----+ │
///      timer: send      └ 16 × RTO after the 7th request: failed
///      RTO 500 ms, doubling: at 0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5 s; given up at 39.5 s
package struct BindingClient: Sendable {
  package enum Failure: Error, Hashable, Sendable {
    case timedOut
    /// The server's ERROR-CODE, 0 when its answer made no sense.
    case refused(Int)
  }

  package enum Action: Hashable, Sendable {
    case none
    case send([UInt8])
    case found(STUNAddress)
    case failed(Failure)
  }

  private enum State: Sendable {
    case asking(sent: Int, next: Duration, interval: Duration)
    case over
  }

  package static let initialTimeout = Duration.milliseconds(500)
  /// How often a request is sent, Rc.
  package static let requestCount = 7
  /// Rm: how many times RTO the last request is waited for.
  package static let lastPatience = 16

  private let request: STUNMessage
  private var state: State

  /// Its first request is sent by the first `advance`.
  package init(using random: inout some RandomNumberGenerator, now: Duration) {
    request = STUNMessage(.request, transactionID: STUNTransactionID(using: &random))
    state = .asking(sent: 0, next: now, interval: Self.initialTimeout)
  }

  package var isOver: Bool { if case .over = state { true } else { false } }
  package var deadline: Duration? { if case .asking(_, let next, _) = state { next } else { nil } }

  package mutating func advance(to now: Duration) -> Action {
    guard case .asking(let sent, let next, let interval) = state, now >= next else { return .none }
    guard sent < Self.requestCount else {
      state = .over
      return .failed(.timedOut)
    }
    let wait = sent + 1 == Self.requestCount ? Self.initialTimeout * Self.lastPatience : interval
    state = .asking(sent: sent + 1, next: now + wait, interval: interval * 2)
    return .send(request.serialize(hasFingerprint: true))
  }

  /// Any STUN datagram that came from the server; those of other transactions are `none`.
  package mutating func receive(_ bytes: [UInt8]) -> Action {
    guard case .asking = state, let response = try? STUNMessage(parsing: bytes), response.method == request.method,
      response.transactionID == request.transactionID
    else { return .none }
    switch response.kind {
    case .request, .indication: return .none
    case .success:
      state = .over
      guard response.unknownAttributes.isEmpty, let address = response.mappedAddress else { return .failed(.refused(0)) }
      return .found(address)
    case .error:
      state = .over
      return .failed(.refused(response.error?.code ?? 0))
    }
  }
}
