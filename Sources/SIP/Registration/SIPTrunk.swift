/// Another SIP system: we register there and take its calls, or calls come from its addresses.
package struct SIPTrunk: Hashable, Sendable {
  /// How we register (RFC 3261 §10, RFC 5626).
  package struct Registration: Hashable, Sendable {
    /// Where to, best first: the next is tried when one does not answer; no user part.
    package var registrars: [SIPURI]
    /// What we register as, and the user part of our Contact.
    package var user: String
    /// What is asked for; the registrar decides; the default is 600 s.
    package var expiry: Duration = .seconds(600)
    package var retries = RegistrationBackoff.Times()
    /// Whether `+sip.instance` and `reg-id` are sent (RFC 5626); the default is true.
    package var usesOutbound = true
    /// `urn:uuid:…`, the same after every restart (RFC 5626 §4.1); nil: none is sent.
    package var instance: String?
    /// What our Contact carries as `line`, and calls to us have to bring back; nil: one is made up for this run.
    package var lineToken: String?

    package init(registrars: [SIPURI], user: String) {
      self.registrars = registrars
      self.user = user
    }
  }

  package var name: String
  /// Nil: the trunk only sends calls, or takes ours.
  package var registration: Registration?
  /// Where our calls go when there is no registration.
  package var server: SIPURI?
  /// The domain of its users; nil: the host of the registrar or server.
  package var domain: String?
  /// For its challenges, and for ours when `challengesCalls`.
  package var credentials: SIPCredentials?
  /// The first hop of everything we send (a loose router); nil: none.
  package var outboundProxy: SIPURI?
  /// The user part of From in our calls; nil: the caller's number.
  package var fromUser: String?
  /// Calls from there are let in by where they come from alone; the default is none.
  package var networks: [IPNetwork] = []
  /// Calls have to answer a digest challenge with the trunk's own credentials; the default is false.
  package var challengesCalls = false

  package init(name: String) { self.name = name }

  /// Where our calls go first, best first.
  var servers: [SIPURI] { registration?.registrars ?? server.map { [$0] } ?? [] }
}
