import ConfigurationFile
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
    verifiesPeers = file.sip.tls.verifyPeers
    limits.connections = max(limits.connections, 2 * file.lines.count)
    if let certificate = file.sip.tls.certificate, let key = file.sip.tls.key {
      identity = TLSIdentity(certificatePath: certificate, keyPath: key)
    } else if file.sip.listen.contains(where: { $0.transport == .tls }) {
      identity = try SelfSignedCertificate.loadOrMake(in: stateDirectory, names: Self.names(file))
    }
  }

  private static func names(_ file: GatewayConfiguration) -> [String] {
    let hosts = file.sip.listen.filter { $0.transport == .tls }.map(\.host)
    var names = [file.name] + (file.sip.publicAddress.map { [$0] } ?? []) + hosts + ["localhost"]
    names.removeAll { $0 == "0.0.0.0" || $0 == "::" || $0.isEmpty }
    var seen = Set<String>()
    return names.filter { seen.insert($0).inserted }
  }
}
