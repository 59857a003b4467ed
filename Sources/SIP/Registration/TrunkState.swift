/// How a trunk is, for whoever watches.
package struct TrunkState: Hashable, Sendable {
  package enum Kind: String, Hashable, Sendable {
    /// It is not registered, and shall not be.
    case unregistered
    /// The first REGISTER is under way.
    case trying
    case registered
    /// The last REGISTER failed; the next follows.
    case failed
    /// It needs no registration.
    case accepting
  }

  package var name: String
  package var kind: Kind
  /// When the registration ends unless it is refreshed, in the time given to the user agent.
  package var expiry: Duration?
  /// When the next REGISTER is sent.
  package var nextAttempt: Duration?
  /// Why the last REGISTER failed; nil after a success.
  package var lastError: String?
  /// Failed attempts since the last success.
  package var failures = 0
  /// The registrar, or the server of a trunk without registration.
  package var server: SIPURI?
  /// The flow that the registration stands on.
  package var flow: Flow?

  package init(name: String, kind: Kind) {
    self.name = name
    self.kind = kind
  }
}
