/// A host (numeric, or a name) and a port; an IPv6 host is written without brackets.
package struct SIPAddress: Hashable, Sendable {
  package var host: String
  package var port: UInt16

  package init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }
}

extension SIPAddress: CustomStringConvertible {
  /// `host:port`, an IPv6 host in brackets.
  package var description: String {
    host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
  }
}

/// One way to a peer: a listener and the peer's address for UDP, a connection for TCP and TLS (RFC 5626 3).
package struct Flow: Hashable, Sendable {
  package var transport: SIPTransportKind
  /// The listener's or connection's number, given by the shell; never reused for a connection.
  package var id: UInt64
  package var local: SIPAddress
  package var remote: SIPAddress

  package init(transport: SIPTransportKind, id: UInt64, local: SIPAddress, remote: SIPAddress) {
    self.transport = transport
    self.id = id
    self.local = local
    self.remote = remote
  }
}

/// Where a message shall go.
package enum Destination: Hashable, Sendable {
  /// On a flow that exists.
  case flow(Flow)
  /// To an address; the shell finds or opens a connection.
  case address(SIPTransportKind, SIPAddress)

  package var transport: SIPTransportKind {
    switch self {
    case .flow(let flow): flow.transport
    case .address(let kind, _): kind
    }
  }
}
