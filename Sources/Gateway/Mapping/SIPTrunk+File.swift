package import ConfigurationFile
package import SIP

extension SIPTrunk {
  package init(_ file: GatewayConfiguration.Trunk, identity: GatewayIdentity?) {
    self.init(name: file.name)
    if let user = file.user, !file.registrars.isEmpty {
      var registration = Registration(registrars: file.registrars.map { SIPURI($0) }, user: user)
      registration.expiry = .seconds(file.expirySeconds)
      registration.retries.base = .seconds(file.retrySeconds)
      registration.retries.maximum = .seconds(file.longestRetrySeconds)
      registration.usesOutbound = file.outbound
      registration.instance = identity?.instance
      registration.lineToken = identity?.lineToken(of: file.name)
      self.registration = registration
    }
    server = file.server.map { SIPURI($0) }
    domain = file.domain
    if let user = file.digestUser, let password = file.password { credentials = SIPCredentials(user: user, password: password.value) }
    outboundProxy = file.outboundProxy.map { SIPURI($0) }
    fromUser = file.fromUser
    networks = file.addresses.compactMap { IPNetwork($0.description) }
    challengesCalls = file.challenge
  }
}

extension SIPURI {
  init(_ server: ServerURI) {
    self.init(scheme: server.isSecure ? .sips : .sip, host: server.host.lowercased(), port: server.port)
    if let transport = server.transport { parameters["transport"] = transport.rawValue }
  }
}
