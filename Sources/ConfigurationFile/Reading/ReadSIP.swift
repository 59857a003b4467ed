extension ConfigurationLoader {
  static func readSIP(_ root: Section, into sip: inout GatewayConfiguration.SIP) {
    let allowed = ["listen", "tls", "digest", "public_address", "accounts", "trusted", "trunks"]
    guard let section = root.section("sip", allowing: allowed) else { return }
    readListen(section, into: &sip.listen)
    readTLS(section, into: &sip.tls)
    section.read("digest", into: &sip.digest)
    section.read("public_address", into: &sip.publicAddress)
    sip.accounts = readAccounts(section)
    for node in section.list("trusted") {
      guard let text = node.text else { continue }
      guard let network = TrustedNetwork(text) else {
        node.problem("\"\(text)\" is no network; expected an address or a network such as 192.0.2.0/24 or 2001:db8::/32")
        continue
      }
      sip.trusted.append(network)
    }
    sip.trunks = readTrunks(section)
    if !sip.trunks.isEmpty {
      section.problem("trunks: this version cannot register at other SIP systems yet; leave the list empty", at: "trunks")
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
    guard let section = section.section("tls", allowing: ["certificate", "key", "verify_peers"]) else { return }
    tls.certificate = section.existingFile("certificate")
    tls.key = section.existingFile("key")
    section.read("verify_peers", into: &tls.verifyPeers)
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

  private static func readTrunks(_ section: Section) -> [GatewayConfiguration.Trunk] {
    var trunks: [GatewayConfiguration.Trunk] = []
    for node in section.list("trunks") {
      let allowed = ["name", "registrar", "user", "password", "password_file", "password_env"]
      guard let entry = node.section(allowing: allowed) else { continue }
      guard let name = entry["name"]?.text else {
        entry.problem("missing name")
        continue
      }
      var trunk = GatewayConfiguration.Trunk(name: name)
      entry.read("registrar", into: &trunk.registrar)
      entry.read("user", into: &trunk.user)
      trunk.password = entry.secret("password", required: false)
      trunks.append(trunk)
    }
    return trunks
  }
}
