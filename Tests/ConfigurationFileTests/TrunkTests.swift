import ConfigurationFile
import Testing

struct TrunkTests {
  private static func trunk(_ text: String) throws -> GatewayConfiguration.Trunk {
    try #require(try load("sip:\n  trunks:\n    - \(text)").configuration.sip.trunks.first)
  }

  @Test func aRegistrarWithEverything() throws {
    let trunk = try Self.trunk(
      """
      {name: pbx, registrar: ["sip:a.example.com", "sip:192.0.2.7:5080;transport=tcp"], user: gw, auth_user: "gw@example.com",
             password: secret, domain: example.com, outbound_proxy: "sip:proxy.example.com", transport: tls, expires_s: 300, retry_s: 5,
             retry_max_s: 60, from_user: "0312345678", outbound: false, addresses: [192.0.2.0/24, "2001:db8::1"]}
      """)
    #expect(trunk.name == "pbx" && trunk.user == "gw" && trunk.digestUser == "gw@example.com" && trunk.password?.value == "secret")
    #expect(trunk.registrars.map(\.description) == ["sip:a.example.com;transport=tls", "sip:192.0.2.7:5080;transport=tcp"])
    #expect(trunk.outboundProxy?.description == "sip:proxy.example.com;transport=tls")
    #expect(trunk.domain == "example.com" && trunk.fromUser == "0312345678" && !trunk.outbound && !trunk.challenge)
    #expect(trunk.expirySeconds == 300 && trunk.retrySeconds == 5 && trunk.longestRetrySeconds == 60)
    #expect(trunk.addresses.map(\.description) == ["192.0.2.0/24", "2001:db8::1/128"])
  }

  @Test func theShapeOfTheDesign() throws {
    let trunk = try Self.trunk("{name: pbx, registrar: \"sip:pbx.example.com\", user: gw, password: x}")
    #expect(trunk.registrars.map(\.description) == ["sip:pbx.example.com"])
    #expect(trunk.expirySeconds == 600 && trunk.retrySeconds == 30 && trunk.longestRetrySeconds == 1800 && trunk.outbound)
  }

  @Test func anAddressWithNone() throws {
    let trunk = try Self.trunk("{name: pbx, addresses: 192.0.2.7, server: 192.0.2.7}")
    #expect(trunk.registrars.isEmpty && trunk.server?.description == "sip:192.0.2.7" && trunk.user == nil)
  }

  @Test(arguments: [
    ("{registrar: sip:a, user: u}", "missing name"),
    ("{name: \"a b\", addresses: 192.0.2.7}", "\"a b\" is no name"),
    ("{name: a}", "give a registrar to register at"),
    ("{name: a, registrar: sip:a}", "registrar needs a user to register as"),
    ("{name: a, registrar: \"sip:u@a\", user: u}", "registrar: \"sip:u@a\" is no server"),
    ("{name: a, registrar: \"http://a\", user: u}", "\"http://a\" is no server"),
    ("{name: a, registrar: \"sip:a:99999\", user: u}", "\"sip:a:99999\" is no server"),
    ("{name: a, registrar: \"sip:a;transport=sctp\", user: u}", "is no server"),
    ("{name: a, registrar: sip:a, user: \"u@b\"}", "\"u@b\" is no user name"),
    ("{name: a, registrar: sip:a, user: u, server: sip:b}", "calls go to the registrar"),
    ("{name: a, registrar: sip:a, user: u, transport: sctp}", "unknown value \"sctp\"; allowed: udp, tcp, tls"),
    ("{name: a, registrar: sip:a, user: u, expires_s: 5}", "5 is out of range; allowed: 30 to 86400"),
    ("{name: a, registrar: sip:a, user: u, retry_s: 100, retry_max_s: 10}", "retry_s is longer than retry_max_s"),
    ("{name: a, registrar: sip:a, user: u, domain: \"sip:x\"}", "\"sip:x\" is no domain"),
    ("{name: a, addresses: [192.0.2.0/40]}", "\"192.0.2.0/40\" is no network"),
    ("{name: a, addresses: 192.0.2.7, expires_s: 60}", "expires_s has no meaning without registrar"),
    ("{name: a, challenge: true, user: u}", "challenge needs a user and a password"),
    ("{name: a, registrar: sip:a, user: u, password_env: NOT_SET}", "the environment variable NOT_SET is not set"),
  ])
  func whatIsWrongIsSaid(text: String, message: String) throws {
    let found = problems("sip:\n  trunks:\n    - \(text)")
    #expect(found.contains { $0.hasPrefix("3: sip.trunks[1]") && $0.contains(message) }, "\(found)")
  }

  @Test func namesAndUsersAreUnique() throws {
    let twice = problems("sip:\n  trunks:\n    - {name: a, addresses: 192.0.2.1}\n    - {name: A, addresses: 192.0.2.2}")
    #expect(twice.contains { $0.hasPrefix("4:") && $0.contains("two trunks are called \"A\"") })
    let account = problems(
      "sip:\n  accounts: [{user: bob, password: x}]\n  trunks:\n    - {name: a, challenge: true, user: bob, password: y}")
    #expect(account.contains { $0.hasPrefix("4:") && $0.contains("is the name of an account") })
  }

  @Test(arguments: [
    "{name: pbx, registrar: [\"sip:a.example.com\", \"sips:[2001:db8::1]:5061\"], user: gw, password_env: PW, retry_s: 7}",
    "{name: pbx, addresses: [192.0.2.0/24], server: \"sip:192.0.2.7;transport=tcp\", challenge: true, user: u, password_env: PW, from_user: x}",
  ])
  func whatIsWrittenCanBeReadAgain(text: String) throws {
    let environment = ["PW": "secret"]
    let first = try load("sip:\n  trunks:\n    - \(text)", environment: environment).configuration
    #expect(!first.yaml.contains("secret"))
    let second = try load(first.yaml, environment: environment).configuration
    #expect(second.sip.trunks == first.sip.trunks)
  }
}
