extension UserAgent {
  static func makeAuthenticator(_ configuration: UserAgentConfiguration, _ random: inout RandomSource) -> DigestAuthenticator {
    var key: [UInt8] = []
    for _ in 0..<4 {
      let number = random.next()
      for shift in 0..<8 { key.append(UInt8(truncatingIfNeeded: number >> UInt64(8 * shift))) }
    }
    return DigestAuthenticator(realm: configuration.realm, key: key, algorithms: configuration.digestAlgorithms)
  }

  static func makeValidation(_ configuration: UserAgentConfiguration) -> RequestValidation {
    var policy = RequestValidation.Policy()
    policy.methods = configuration.methods
    policy.extensions = supportedExtensions(configuration)
    return RequestValidation(policy: policy)
  }

  /// The option tags that we understand.
  static func supportedExtensions(_ configuration: UserAgentConfiguration) -> [String] {
    var tags = ["timer", "replaces", "norefersub"]
    if configuration.reliableProvisionals != .off { tags.append("100rel") }
    return tags + configuration.extensions.filter { !tags.contains($0) }
  }

  mutating func writeCapabilities() {
    let tags = UserAgent.supportedExtensions(configuration)
    allowText = configuration.methods.map(\.name).joined(separator: ", ")
    supportedText = tags.joined(separator: ", ")
    unreliableSupportedText = tags.filter { $0 != "100rel" }.joined(separator: ", ")
  }

  static func makePasswords(_ configuration: UserAgentConfiguration) -> [String: String] {
    Dictionary(configuration.accounts.map { ($0.user, $0.password) }, uniquingKeysWith: { first, _ in first })
  }

  /// Takes a changed configuration; calls and registrations go on.
  mutating func reconfigure(from old: UserAgentConfiguration) {
    if old.realm != configuration.realm || old.digestAlgorithms != configuration.digestAlgorithms {
      authenticator = UserAgent.makeAuthenticator(configuration, &random)
    }
    validation = UserAgent.makeValidation(configuration)
    writeCapabilities()
    passwords = UserAgent.makePasswords(configuration)
    transactions.timers = configuration.timers
    transactions.clientLimit = configuration.limits.clientTransactions
    transactions.serverLimit = configuration.limits.serverTransactions
    registrar.configuration = configuration.registrar
    for account in registrar.accounts where passwords[account] == nil {
      registrar.removeAll(of: account)
      outputs.report(.unregistered(account: account))
    }
    reconfigureTrunks(
      isContactChanged: old.publicAddress != configuration.publicAddress || old.localNetworks != configuration.localNetworks
        || old.endpoints != configuration.endpoints)
  }
}
