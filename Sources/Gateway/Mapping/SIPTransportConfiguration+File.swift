import ConfigurationFile
import DNS
import NIOCore
import SIP
import SIPTransport

extension SIPTransportConfiguration {
  /// Makes a certificate in the state directory where one is needed and none is given; blocks on the disk.
  init(_ file: GatewayConfiguration, stateDirectory: String) throws(SIPTransportError) {
    self.init(
      listen: file.sip.listen.map { address in
        let kind: SIPTransportKind =
          switch address.transport {
          case .udp: .udp
          case .tcp: .tcp
          case .tls: .tls
          }
        return ListenPoint(kind, host: address.host, port: address.port)
      })
    nameServers = file.sip.nameServers.compactMap { DNSServer($0) }
    tls.verifiesPeers = file.sip.tls.verifyPeers
    tls.trustedCertificates = file.sip.tls.authorities
    tls.clientCertificates =
      switch file.sip.tls.clientCertificates {
      case .ignored: .ignored
      case .requested: .requested
      case .required: .required
      }
    traceBytes = file.sip.traceKilobytes * 1024
    let protection = file.sip.protection
    limits.connections = max(protection.connections, 2 * file.lines.count)
    limits.connectionsPerSource = protection.connectionsPerSource
    limits.firstMessage = .seconds(Int64(protection.messageSeconds))
    limits.wholeMessage = .seconds(Int64(protection.messageSeconds))
    limits.idle = .seconds(Int64(protection.idleSeconds))
    parser.messageSize = protection.messageBytes
    parser.headerCount = protection.headerFields
    if let certificate = file.sip.tls.certificate, let key = file.sip.tls.key {
      tls.identity = TLSIdentity(certificatePath: certificate, keyPath: key)
    } else if file.sip.listen.contains(where: { $0.transport == .tls }) {
      tls.identity = try SelfSignedCertificate.loadOrMake(in: stateDirectory, names: Self.names(file))
    }
  }

  private static func names(_ file: GatewayConfiguration) -> [String] {
    let hosts = file.sip.listen.filter { $0.transport == .tls }.map(\.host)
    var names = [file.name] + hosts + ["localhost"]
    if case .address(let host, _)? = file.sip.publicAddress { names.insert(host, at: 1) }
    names.removeAll { $0 == "0.0.0.0" || $0 == "::" || $0.isEmpty }
    var seen = Set<String>()
    return names.filter { seen.insert($0).inserted }
  }
}
