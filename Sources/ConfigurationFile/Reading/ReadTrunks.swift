extension ConfigurationLoader {
  private static let trunkKeys = [
    "name", "registrar", "user", "auth_user", "password", "password_file", "password_env", "domain", "server", "outbound_proxy",
    "transport", "expires_s", "retry_s", "retry_max_s", "from_user", "outbound", "addresses", "challenge",
  ]

  static func readTrunks(_ section: Section, accounts: [GatewayConfiguration.Account]) -> [GatewayConfiguration.Trunk] {
    var trunks: [GatewayConfiguration.Trunk] = []
    for node in section.list("trunks") {
      guard let entry = node.section(allowing: trunkKeys), let trunk = readTrunk(entry, accounts: accounts) else { continue }
      if trunks.contains(where: { $0.name.lowercased() == trunk.name.lowercased() }) {
        entry.problem("two trunks are called \"\(trunk.name)\"", at: "name")
        continue
      }
      if trunk.challenge, trunks.contains(where: { $0.challenge && $0.digestUser == trunk.digestUser }) {
        entry.problem("another trunk's calls are challenged for the same user", at: "challenge")
      }
      trunks.append(trunk)
    }
    return trunks
  }

  private static func readTrunk(_ entry: Section, accounts: [GatewayConfiguration.Account]) -> GatewayConfiguration.Trunk? {
    guard let name = entry["name"]?.text else {
      entry.problem("missing name")
      return nil
    }
    guard !name.isEmpty, name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }) else {
      entry.problem("\"\(name)\" is no name; expected letters, digits, '.', '_' or '-'", at: "name")
      return nil
    }
    var trunk = GatewayConfiguration.Trunk(name: name)
    trunk.registrars = (entry["registrar"]?.oneOrMore ?? []).compactMap(server)
    trunk.server = entry["server"].flatMap(server)
    trunk.outboundProxy = entry["outbound_proxy"].flatMap(server)
    for (key, path) in [("user", \GatewayConfiguration.Trunk.user), ("auth_user", \.authenticationUser), ("from_user", \.fromUser)] {
      trunk[keyPath: path] = user(entry, key)
    }
    entry.read("domain", into: &trunk.domain)
    if let domain = trunk.domain, ServerURI(domain)?.description != "sip:\(domain)" {
      entry.problem("\"\(domain)\" is no domain; expected for example example.com", at: "domain")
    }
    trunk.password = entry.secret("password", required: false)
    if let kind = entry["transport"]?.choice(ListenAddress.Transport.self) { trunk.use(kind) }
    entry.read("expires_s", in: 30...86_400, into: &trunk.expirySeconds)
    entry.read("retry_s", in: 1...3600, into: &trunk.retrySeconds)
    entry.read("retry_max_s", in: 1...86_400, into: &trunk.longestRetrySeconds)
    entry.read("outbound", into: &trunk.outbound)
    entry.read("challenge", into: &trunk.challenge)
    for node in entry["addresses"]?.oneOrMore ?? [] {
      guard let text = node.text else { continue }
      guard let network = TrustedNetwork(text) else {
        node.problem("\"\(text)\" is no network; expected an address or a network such as 192.0.2.0/24 or 2001:db8::/32")
        continue
      }
      trunk.addresses.append(network)
    }
    check(trunk, entry, accounts)
    return trunk
  }

  /// What does not make sense together.
  private static func check(_ trunk: GatewayConfiguration.Trunk, _ entry: Section, _ accounts: [GatewayConfiguration.Account]) {
    if entry["registrar"] == nil, entry["addresses"] == nil, entry["server"] == nil, !trunk.challenge {
      entry.problem("give a registrar to register at, addresses that calls come from, a server that calls go to, or challenge: true")
    }
    if !trunk.registrars.isEmpty, trunk.user == nil { entry.problem("registrar needs a user to register as", at: "registrar") }
    if !trunk.registrars.isEmpty, trunk.server != nil {
      entry.problem("calls go to the registrar; server is for trunks that have none", at: "server")
    }
    if trunk.registrars.isEmpty {
      for key in ["expires_s", "retry_s", "retry_max_s", "outbound"] where entry[key] != nil {
        entry.problem("\(key) has no meaning without registrar", at: key)
      }
    }
    if trunk.retrySeconds > trunk.longestRetrySeconds { entry.problem("retry_s is longer than retry_max_s", at: "retry_s") }
    guard trunk.challenge else { return }
    guard let user = trunk.digestUser, trunk.password != nil else {
      return entry.problem("challenge needs a user and a password", at: "challenge")
    }
    if accounts.contains(where: { $0.user == user }) {
      entry.problem("challenge: \"\(user)\" is the name of an account; its calls could not be told apart", at: "challenge")
    }
  }

  private static func server(_ node: ConfigurationNode) -> ServerURI? {
    guard let text = node.text else { return nil }
    guard let uri = ServerURI(text) else {
      node.problem("\"\(text)\" is no server; expected for example sip:pbx.example.com or sip:192.0.2.7:5080;transport=tcp")
      return nil
    }
    return uri
  }

  private static func user(_ entry: Section, _ key: String) -> String? {
    guard let text = entry[key]?.text else { return nil }
    // Whatever a SIP user part can hold when it is escaped; an authentication user may hold an at-sign.
    guard !text.isEmpty, text.allSatisfy({ $0.isASCII && !$0.isWhitespace && !"<>\"\\:".contains($0) }),
      key == "auth_user" || !text.contains("@")
    else {
      entry.problem("\"\(text)\" is no user name", at: key)
      return nil
    }
    return text
  }
}

extension GatewayConfiguration.Trunk {
  /// The user name of digests.
  package var digestUser: String? { authenticationUser ?? user }

  /// Servers that name no transport use this one.
  fileprivate mutating func use(_ kind: ListenAddress.Transport) {
    for index in registrars.indices where registrars[index].transport == nil { registrars[index].transport = kind }
    if server?.transport == nil { server?.transport = kind }
    if outboundProxy?.transport == nil { outboundProxy?.transport = kind }
  }
}
