extension GatewayConfiguration {
  /// Signalling.
  package struct SIP: Sendable, Equatable {
    /// The default is UDP and TCP on 127.0.0.1:5060 and TLS on 127.0.0.1:5061.
    package var listen: [ListenAddress] = [
      ListenAddress(transport: .udp, host: "127.0.0.1", port: 5060),
      ListenAddress(transport: .tcp, host: "127.0.0.1", port: 5060),
      ListenAddress(transport: .tls, host: "127.0.0.1", port: 5061),
    ]
    package var tls = TLS()
    /// Which digest algorithms are offered; the default is both, SHA-256 first.
    package var digest: Digest = .both
    /// What to advertise in Contact and SDP instead of the local address; the default is none.
    package var publicAddress: String?
    package var accounts: [Account] = []
    /// Networks whose calls need no password; the default is none.
    package var trusted: [TrustedNetwork] = []
    package var trunks: [Trunk] = []

    package init() {}
  }

  /// The gateway's certificate, and what it asks of others'.
  package struct TLS: Sendable, Equatable {
    /// PEM file of the certificate chain; nil: a self-signed pair is made in the state directory at first start.
    package var certificate: String?
    /// PEM file of the private key; given when, and only when, `certificate` is.
    package var key: String?
    /// Whether servers called over TLS must show a certificate that a trusted authority signed for their name; the default is true.
    package var verifyPeers = true

    package init() {}
  }

  package enum Digest: String, Sendable, CaseIterable {
    case md5
    case sha256 = "sha-256"
    case both
  }

  /// A softphone's account: it registers here, is called here and calls from here.
  package struct Account: Sendable, Equatable {
    package var user: String
    package var password: Secret

    package init(user: String, password: Secret) {
      self.user = user
      self.password = password
    }
  }

  /// Another SIP system, at which the gateway registers or which sends calls here.
  package struct Trunk: Sendable, Equatable {
    package var name: String
    package var registrar: String?
    package var user: String?
    package var password: Secret?

    package init(name: String) { self.name = name }
  }
}
