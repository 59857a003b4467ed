/// Whether new calls are looked at; decided by whoever knows the load.
package enum Admission: Hashable, Sendable {
  case open
  /// INVITEs outside a dialog get 503 with this Retry-After, without transaction, digest or leg, unless they are for one of
  /// `UserAgentConfiguration.emergencyNumbers`.
  case closed(retryAfterSeconds: Int)
}

/// How provisional responses are made reliable (RFC 3262).
package enum ReliableProvisionals: String, Hashable, Sendable {
  /// Neither asked for nor offered; an INVITE that requires them gets 420.
  case off
  /// Offered; used where the peer requires them, or supports them and the response has a session description.
  case supported
  /// Required of every peer; an INVITE of one that does not support them gets 421.
  case required
}
