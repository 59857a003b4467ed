import NIOSSL

/// The TLS settings of listeners and of connections we open.
struct TLSContexts {
  private(set) var server: NIOSSLContext?
  let client: NIOSSLContext

  /// Reads certificate, key and trusted authorities; blocks on the disk.
  init(_ configuration: SIPTransportConfiguration) throws(SIPTransportError) {
    var client = TLSConfiguration.makeClientConfiguration()
    client.minimumTLSVersion = .tlsv12
    client.certificateVerification = configuration.verifiesPeers ? .fullVerification : .none
    if let path = configuration.trustedCertificates { client.trustRoots = .file(path) }
    do {
      self.client = try NIOSSLContext(configuration: client)
    } catch {
      throw SIPTransportError(.certificate, "TLS cannot be set up: \(error)")
    }
    guard let identity = configuration.identity else { return }
    do {
      let chain = try NIOSSLCertificate.fromPEMFile(identity.certificatePath).map { NIOSSLCertificateSource.certificate($0) }
      let key = try NIOSSLPrivateKey(file: identity.keyPath, format: .pem)
      var server = TLSConfiguration.makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key))
      server.minimumTLSVersion = .tlsv12
      self.server = try NIOSSLContext(configuration: server)
    } catch {
      throw SIPTransportError(
        .certificate, "sip.tls: \(identity.certificatePath) and \(identity.keyPath) cannot be used as certificate and key: \(error)")
    }
  }
}
