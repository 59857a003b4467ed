import DNS
import Logging
package import SIP

// Where servers are (RFC 3263).
extension SIPTransport {
  /// Which servers a URI leads to, best first; none when there is no such name or nobody says.
  ///
  /// On the event loop, where the answer comes too: at once when it is known.
  package func locate(_ uri: SIPURI, answer: @escaping ([LocatedServer]) -> Void) {
    let address = uri.address
    let target = ServiceTarget(
      host: address.host, port: uri.port, transport: uri.transport.map { ServiceTransport($0) }, isSecure: uri.scheme == .sips)
    names.locate(target) { [self] found in
      let servers = found.filter { isReachable($0) }.map { LocatedServer($0, domain: address.host) }
      if servers.isEmpty { logger.info("no server found", metadata: ["uri": "\(uri)"]) }
      answer(servers)
    }
  }

  /// Puts a server behind others for a while.
  package func avoid(_ server: LocatedServer) {
    logger.info("server avoided for a while", metadata: ["server": "\(server.address)", "domain": "\(server.domain ?? "-")"])
    names.avoid(ServiceAddress(ServiceTransport(server.transport), host: server.address.host, port: server.address.port))
  }

  /// The addresses of a name, a service record not asked for (RFC 3263 §5).
  package func addresses(of address: SIPAddress, over kind: SIPTransportKind, answer: @escaping ([SIPAddress]) -> Void) {
    let target = ServiceTarget(host: address.host, port: address.port, transport: ServiceTransport(kind))
    names.locate(target) { [self] found in
      answer(found.filter { isReachable($0) }.map { SIPAddress(host: $0.host, port: $0.port) })
    }
  }

  /// Over UDP there has to be a listener of the same family to send from.
  private func isReachable(_ server: ServiceAddress) -> Bool {
    server.transport != .udp || datagramListeners.contains { $0.local.isIPv6 == server.host.contains(":") }
  }
}

extension ServiceTransport {
  init(_ kind: SIPTransportKind) {
    self =
      switch kind {
      case .udp: .udp
      case .tcp: .tcp
      case .tls: .tls
      }
  }
}

extension LocatedServer {
  /// The domain is what was asked for; a numeric one is the address itself.
  init(_ server: ServiceAddress, domain: String) {
    let kind: SIPTransportKind =
      switch server.transport {
      case .udp: .udp
      case .tcp: .tcp
      case .tls: .tls
      }
    self.init(
      transport: kind, address: SIPAddress(host: server.host, port: server.port),
      domain: NumericAddress.isNumeric(domain) ? nil : domain)
  }
}
