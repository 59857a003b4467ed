import Yams

extension GatewayConfiguration.Trunk {
  var node: Node {
    var pairs = [("name", YAMLBuilder.text(name))]
    if !registrars.isEmpty { pairs.append(("registrar", YAMLBuilder.list(registrars.map { YAMLBuilder.text($0.description) }))) }
    for (key, value) in [
      ("user", user), ("auth_user", authenticationUser), ("domain", domain), ("server", server?.description),
      ("outbound_proxy", outboundProxy?.description), ("from_user", fromUser),
    ] where value != nil {
      pairs.append((key, YAMLBuilder.text(value)))
    }
    pairs += YAMLBuilder.secret(password, stem: "password")
    if !registrars.isEmpty {
      pairs += [
        ("expires_s", YAMLBuilder.number(expirySeconds)), ("retry_s", YAMLBuilder.number(retrySeconds)),
        ("retry_max_s", YAMLBuilder.number(longestRetrySeconds)), ("outbound", YAMLBuilder.boolean(outbound)),
      ]
    }
    if !addresses.isEmpty { pairs.append(("addresses", YAMLBuilder.list(addresses.map { YAMLBuilder.text($0.description) }))) }
    pairs.append(("challenge", YAMLBuilder.boolean(challenge)))
    return YAMLBuilder.flow(pairs)
  }
}
