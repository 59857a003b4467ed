/// How SIP is spoken, as far as records name it (RFC 3263 §4.1).
package enum ServiceTransport: String, Hashable, Sendable, CaseIterable {
  case udp, tcp, tls

  package var defaultPort: UInt16 { self == .tls ? 5061 : 5060 }

  /// The service in a NAPTR record.
  var naptrService: String {
    switch self {
    case .udp: "SIP+D2U"
    case .tcp: "SIP+D2T"
    case .tls: "SIPS+D2T"
    }
  }

  /// The labels in front of the domain of an SRV record.
  var srvLabels: [String] {
    switch self {
    case .udp: ["_sip", "_udp"]
    case .tcp: ["_sip", "_tcp"]
    case .tls: ["_sips", "_tcp"]
    }
  }
}

/// Whom a SIP URI names, as far as it matters for finding the server.
package struct ServiceTarget: Hashable, Sendable {
  /// A name, or a numeric address without brackets.
  package var host: String
  package var port: UInt16?
  /// As the URI's `transport` parameter says.
  package var transport: ServiceTransport?
  /// `sips:`, only TLS will do.
  package var isSecure: Bool

  package init(host: String, port: UInt16? = nil, transport: ServiceTransport? = nil, isSecure: Bool = false) {
    self.host = host
    self.port = port
    self.transport = transport
    self.isSecure = isSecure
  }

  /// The transport when no record is asked for it.
  var plainTransport: ServiceTransport { isSecure ? .tls : transport ?? .udp }
}

/// Where a server is.
package struct ServiceAddress: Hashable, Sendable {
  package var transport: ServiceTransport
  /// Numeric, without brackets.
  package var host: String
  package var port: UInt16

  package init(_ transport: ServiceTransport, host: String, port: UInt16) {
    self.transport = transport
    self.host = host
    self.port = port
  }
}
