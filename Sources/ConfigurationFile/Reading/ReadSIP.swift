extension ConfigurationLoader {
  static func readSIP(_ root: Section, into sip: inout GatewayConfiguration.SIP) {
    let allowed = [
      "listen", "tls", "digest", "public_address", "local_networks", "name_servers", "accounts", "trusted", "trunks", "trace_kb",
      "protection", "reliable_provisionals", "session_expires_s", "min_session_expires_s",
    ]
    guard let section = root.section("sip", allowing: allowed) else { return }
    readListen(section, into: &sip.listen)
    readTLS(section, into: &sip.tls)
    section.read("digest", into: &sip.digest)
    readAddresses(section, into: &sip)
    sip.accounts = readAccounts(section)
    sip.trusted = readNetworks(section.list("trusted"))
    readProtection(section, into: &sip.protection)
    section.read("trace_kb", in: 0...1_048_576, into: &sip.traceKilobytes)
    section.read("reliable_provisionals", into: &sip.reliableProvisionals)
    readSessionTimer(section, into: &sip)
    sip.trunks = readTrunks(section, accounts: sip.accounts)
  }

  /// RFC 4028 §5: no session interval is shorter than 90 s.
  private static func readSessionTimer(_ section: Section, into sip: inout GatewayConfiguration.SIP) {
    section.read("session_expires_s", in: 0...86_400, into: &sip.sessionExpires)
    section.read("min_session_expires_s", in: 90...86_400, into: &sip.minimumSessionExpires)
    if sip.sessionExpires > 0, sip.sessionExpires < sip.minimumSessionExpires {
      section.problem("session_expires_s is less than min_session_expires_s (\(sip.minimumSessionExpires)); give more, or 0 for none")
    }
  }

  private static func readAddresses(_ section: Section, into sip: inout GatewayConfiguration.SIP) {
    if let node = section["public_address"], let text = node.text {
      sip.publicAddress = PublicAddress(text)
      if sip.publicAddress == nil {
        node.problem("\"\(text)\" is no public address; expected ADDRESS, ADDRESS:PORT or stun:HOST[:PORT], such as 203.0.113.5")
      }
    }
    if section["local_networks"] != nil { sip.localNetworks = readNetworks(section.list("local_networks")) }
    for node in section.list("name_servers") {
      guard let text = node.text else { continue }
      // The same form as an address that is known.
      guard case .address? = PublicAddress(text) else {
        node.problem("\"\(text)\" is no name server; expected ADDRESS or ADDRESS:PORT, such as 192.0.2.53")
        continue
      }
      sip.nameServers.append(text)
    }
  }

  private static func readNetworks(_ nodes: [ConfigurationNode]) -> [TrustedNetwork] {
    nodes.compactMap { node in
      guard let text = node.text else { return nil }
      if let network = TrustedNetwork(text) { return network }
      node.problem("\"\(text)\" is no network; expected an address or a network such as 192.0.2.0/24 or 2001:db8::/32")
      return nil
    }
  }

  private static func readListen(_ section: Section, into listen: inout [ListenAddress]) {
    guard let node = section["listen"] else { return }
    listen = []
    for entry in node.oneOrMore {
      guard let text = entry.text else { continue }
      do {
        let address = try ListenAddress(parsing: text)
        if address.port != 0, listen.contains(address) { entry.problem("\(address) is listed twice") }
        listen.append(address)
      } catch {
        entry.problem(error.description)
      }
    }
    if listen.isEmpty, node.oneOrMore.isEmpty { node.problem("expected at least one listen URL, such as udp://127.0.0.1:5060") }
  }

  private static func readTLS(_ section: Section, into tls: inout GatewayConfiguration.TLS) {
    let allowed = ["certificate", "key", "verify_peers", "authorities", "client_certificates"]
    guard let section = section.section("tls", allowing: allowed) else { return }
    tls.certificate = section.existingFile("certificate")
    tls.key = section.existingFile("key")
    section.read("verify_peers", into: &tls.verifyPeers)
    tls.authorities = section.existingFile("authorities")
    section.read("client_certificates", into: &tls.clientCertificates)
    if (tls.certificate == nil) != (tls.key == nil) {
      section.problem("certificate and key belong together: give both, or neither for a self-signed pair")
    }
  }

  private static func readAccounts(_ section: Section) -> [GatewayConfiguration.Account] {
    var accounts: [GatewayConfiguration.Account] = []
    for node in section.list("accounts") {
      guard let entry = node.section(allowing: ["user", "password", "password_file", "password_env"]) else { continue }
      guard let user = entry["user"]?.text, !user.isEmpty else {
        entry.problem("missing user")
        continue
      }
      guard user.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-_.!~*'()&=+$,;?/".contains($0)) }) else {
        entry.problem("\"\(user)\" has a character that a SIP user name cannot have", at: "user")
        continue
      }
      if accounts.contains(where: { $0.user == user }) {
        entry.problem("account \"\(user)\" is given twice", at: "user")
        continue
      }
      guard let password = entry.secret("password", required: true) else { continue }
      if password.value.isEmpty { entry.problem("the password of \"\(user)\" is empty", at: "password") }
      accounts.append(GatewayConfiguration.Account(user: user, password: password))
    }
    return accounts
  }
}
