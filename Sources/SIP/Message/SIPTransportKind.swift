/// The transports this product speaks SIP over.
package enum SIPTransportKind: String, Hashable, Sendable, CaseIterable {
  case udp, tcp, tls

  /// The kind for a `transport=` parameter or a Via token, whatever its case; nil when it is none of ours.
  package init?(token: some StringProtocol) {
    switch token.lowercased() {
    case "udp": self = .udp
    case "tcp": self = .tcp
    case "tls": self = .tls
    default: return nil
    }
  }

  /// The transport in a Via's sent-protocol (RFC 3261 20.42).
  package var viaToken: String {
    switch self {
    case .udp: "UDP"
    case .tcp: "TCP"
    case .tls: "TLS"
    }
  }

  /// The `transport=` URI parameter's value; TLS is a TCP transport of `sips:` or is written as `tls`.
  package var uriToken: String { rawValue }

  /// True when the transport itself retransmits (RFC 3261 17.1.1.1: no timer A, E, G; zero timers D, I, K).
  package var isReliable: Bool { self != .udp }

  /// The port where none is given (RFC 3261 19.1.2).
  package var defaultPort: UInt16 { self == .tls ? 5061 : 5060 }
}
