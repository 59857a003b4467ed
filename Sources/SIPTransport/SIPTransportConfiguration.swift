package import DNS
package import NIOCore
package import SIP

/// What the transport listens on and what it takes.
package struct SIPTransportConfiguration: Sendable {
  /// One address to listen on.
  package struct ListenPoint: Hashable, Sendable, CustomStringConvertible {
    package var transport: SIPTransportKind
    /// A numeric address without brackets, or a name.
    package var host: String
    /// 0: chosen by the kernel.
    package var port: UInt16

    package init(_ transport: SIPTransportKind, host: String, port: UInt16) {
      self.transport = transport
      self.host = host
      self.port = port
    }

    /// As in the configuration: `udp://127.0.0.1:5060`.
    package var description: String { "\(transport.rawValue)://\(SIPAddress(host: host, port: port))" }
  }

  /// Certificates: ours, and whose are believed.
  package struct TLS: Sendable, Equatable {
    package enum ClientCertificates: Sendable {
      case ignored
      /// Asked for; one that is shown has to be good.
      case requested
      /// No connection without.
      case required
    }

    /// Needed when a listener speaks TLS; shown to servers that ask for it.
    package var identity: TLSIdentity?
    /// Whether servers called over TLS must prove their name (RFC 5922); the default is true.
    package var verifiesPeers = true
    /// PEM file of the authorities that are believed; nil: the system's.
    package var trustedCertificates: String?
    /// What is asked of those who call us; the default is `ignored`.
    package var clientCertificates = ClientCertificates.ignored

    package init() {}
  }

  package struct Limits: Sendable {
    /// Connections of all peers; the default is 4,096.
    package var connections = 4096
    /// Connections accepted from one address that has proven nothing; the default is 256.
    package var connectionsPerSource = 256
    /// Accepted connections that have brought no message yet; one more takes the place of the oldest; the default is 512.
    package var silentConnections = 512
    /// Time after which a connection of a stranger is closed, whatever it says, unless it has shown right credentials; the default is 120 s.
    package var unproven: TimeAmount = .seconds(120)
    /// Time in which a new connection must deliver its first message, TLS handshake included; the default is 10 s.
    package var firstMessage: TimeAmount = .seconds(10)
    /// Time in which a message that has begun must be whole; the default is 10 s.
    package var wholeMessage: TimeAmount = .seconds(10)
    /// Time without any byte either way after which a connection is closed; the default is 3,700 s: a little more than a usual
    /// registration, since many telephones are called back on the connection they registered on.
    package var idle: TimeAmount = .seconds(3700)
    /// The default is 5 s.
    package var connect: TimeAmount = .seconds(5)
    /// What TLS may take beyond `connect`; the default is 5 s.
    package var handshake: TimeAmount = .seconds(5)
    /// Bytes that may wait on a connection whose peer does not read; then it is closed; the default is 1 MB.
    package var queuedBytes = 1 << 20
    /// Messages that may wait for one connection to open; the default is 64.
    package var queuedMessages = 64
    /// UDP messages that may wait for the addresses of names; the default is 1,024.
    package var messagesWaitingForNames = 1024

    package init() {}
  }

  package var listen: [ListenPoint] = []
  package var tls = TLS()
  /// Name servers; none, the default: those of resolv.conf(5).
  package var nameServers: [DNSServer] = []
  package var parser = SIPParser.Limits()
  package var limits = Limits()
  /// Bytes of messages that are kept to be looked at (`MessageTrace`); 0 turns it off; the default is 0.
  package var traceBytes = 0

  package init(listen: [ListenPoint] = []) { self.listen = listen }
}

/// Files of a certificate chain and its private key, both PEM.
package struct TLSIdentity: Hashable, Sendable {
  package var certificatePath: String
  package var keyPath: String

  package init(certificatePath: String, keyPath: String) {
    self.certificatePath = certificatePath
    self.keyPath = keyPath
  }
}

/// A listener that is open.
package struct SIPListener: Hashable, Sendable, CustomStringConvertible {
  /// The `id` of UDP flows through it.
  package let id: UInt64
  package let transport: SIPTransportKind
  /// With the port that is really open.
  package let address: SIPAddress

  /// As in the status: `udp://127.0.0.1:5060`.
  package var description: String { "\(transport.rawValue)://\(address)" }
}

/// What passed since the start.
package struct SIPTransportStatistics: Sendable, Equatable {
  package var messagesReceived = 0
  package var messagesSent = 0
  package var unparsableMessages = 0
  package var keepAlives = 0
  package var sendFailures = 0
  package var connectionsAccepted = 0
  package var connectionsOpened = 0
  /// Refused because a limit was reached.
  package var connectionsRefused = 0
  /// Closed because they said nothing, or not enough, in time.
  package var connectionsTimedOut = 0
  /// TLS handshakes and records that failed.
  package var tlsFailures = 0

  package init() {}
}
