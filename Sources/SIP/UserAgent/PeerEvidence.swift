/// What a peer has shown of itself, for whoever guards the door (rate limits and bans are no part of SIP).
package enum PeerEvidence: Hashable, Sendable {
  /// Right credentials, a request within a dialog, or a response to a request of ours: the peer is truly at that address.
  ///
  /// The account is that of the credentials.
  case proven(Flow, account: String?)
  /// Wrong credentials.
  ///
  /// - `account`: the user named, where there is such an account.
  /// - `isProven`: the sender is truly at that address: it used a nonce that was given to it, or a connection.
  case failed(Flow, account: String?, isProven: Bool)
}

/// The evidence that nobody has asked for yet; what nobody ever asks for is not kept.
struct PeerEvidenceQueue: Sendable {
  private static let limit = 64
  private var waiting: [PeerEvidence] = []

  mutating func append(_ evidence: PeerEvidence) {
    if waiting.count < PeerEvidenceQueue.limit { waiting.append(evidence) }
  }

  mutating func take() -> [PeerEvidence] {
    guard !waiting.isEmpty else { return [] }
    defer { waiting.removeAll(keepingCapacity: true) }
    return waiting
  }
}

/// What an account cannot do for a time, by the decision of whoever guards the door.
package enum AccountHold: Hashable, Sendable {
  /// Too many wrong passwords from anywhere: right ones are believed only from hosts that the account is registered from.
  case guarded
  /// Too many requests: 503 with Retry-After, but for emergency calls.
  case throttled
}

extension UserAgent {
  /// What peers have shown since this was asked last; ask after every input, at most 64 are kept.
  package mutating func takeEvidence() -> [PeerEvidence] { evidence.take() }

  func isHeld(_ account: String, _ flow: Flow, now: Duration) -> Bool {
    accountHolds[account] == .guarded && !registrar.contacts(of: account, now: now).contains { $0.flow.remote.host == flow.remote.host }
  }
}
