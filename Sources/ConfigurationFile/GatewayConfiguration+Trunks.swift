extension GatewayConfiguration {
  /// Another SIP system: the gateway registers there, or calls come from its addresses.
  package struct Trunk: Sendable, Equatable {
    /// Letters, digits, `.`, `_`, `-`; no two trunks share a name.
    package var name: String
    /// Where to register, best first; empty: nowhere.
    package var registrars: [ServerURI] = []
    /// What to register as, and what to answer challenges as unless `authenticationUser` is given.
    package var user: String?
    /// The user name in digests, where it is another than `user`.
    package var authenticationUser: String?
    package var password: Secret?
    /// The domain of its users; nil: the registrar's or server's host.
    package var domain: String?
    /// Where calls to a trunk without registrar go; nil: it only sends calls.
    package var server: ServerURI?
    /// The proxy that everything sent to it goes through; nil: none.
    package var outboundProxy: ServerURI?
    /// Seconds asked for at a registrar, 30 to 86,400; the default is 600.
    package var expirySeconds = 600
    /// Seconds before the first new try after a failure, doubled after each further one, 1 to 3,600; the default is 30.
    package var retrySeconds = 30
    /// The longest time between two tries, in seconds, 1 to 86,400; the default is 1,800.
    package var longestRetrySeconds = 1800
    /// The user of From in calls to it; nil: the caller's number.
    package var fromUser: String?
    /// Whether instance and flow are named in REGISTER (RFC 5626); the default is true.
    package var outbound = true
    /// Networks whose calls are let in by their source alone.
    package var addresses: [TrustedNetwork] = []
    /// Whether its calls have to answer a digest challenge with `user` and `password`; the default is false.
    package var challenge = false

    package init(name: String) { self.name = name }
  }
}
