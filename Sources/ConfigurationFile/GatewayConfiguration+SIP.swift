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
    /// What Via, Contact and SDP say of us to peers that are not in `localNetworks`; the default is none: the local address.
    package var publicAddress: PublicAddress?
    /// Networks on our side of the NAT; nil, the default: private, loopback and link-local ones, and those of our interfaces.
    package var localNetworks: [TrustedNetwork]?
    /// Name servers, `ADDRESS[:PORT]`; the default is none: those of resolv.conf(5).
    package var nameServers: [String] = []
    package var accounts: [Account] = []
    /// Networks whose calls need no password; the default is none.
    package var trusted: [TrustedNetwork] = []
    package var trunks: [Trunk] = []
    package var protection = Protection()
    /// Whether ringing and early media are acknowledged (RFC 3262); the default is `supported`.
    package var reliableProvisionals = ReliableProvisionals.supported
    /// The session interval that we ask for, in seconds (RFC 4028); 0: none; the default is 1,800.
    package var sessionExpires = 1800
    /// The shortest session interval that we take, in seconds; the default is 90.
    package var minimumSessionExpires = 90
    /// Kilobytes of recent messages that are kept to be looked at; 0 keeps none; the default is 4,096.
    package var traceKilobytes = 4096

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
    /// PEM file of the authorities that are believed; nil: the system's.
    package var authorities: String?
    /// What is asked of those who call over TLS; the default is `ignored`.
    package var clientCertificates = ClientCertificates.ignored

    /// Whether callers over TLS must show a certificate (mutual TLS).
    package enum ClientCertificates: String, Sendable, CaseIterable {
      case ignored
      case requested
      case required
    }

    package init() {}
  }

  package enum ReliableProvisionals: String, Sendable, CaseIterable {
    case off
    case supported
    case required
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
}
