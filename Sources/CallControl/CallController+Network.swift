package import SIP

// Where servers are, and what we are called outside.
extension CallController {
  /// The answer to `ControlOutput.location(.find)`, best first; none: the name leads nowhere.
  package mutating func located(_ uri: SIPURI, _ servers: [LocatedServer], now: Duration) {
    userAgent.located(uri, servers, now: now)
    pump(now)
  }

  /// The address that peers outside know us by was found or has changed; nil: there is none.
  ///
  /// Calls in progress keep what they have said.
  package mutating func publicAddressFound(_ address: SIPAddress?, now: Duration) {
    configuration.userAgent.publicAddress = address
    userAgent.configuration.publicAddress = address
    pump(now)
  }
}
