import DNS
import Testing

struct ResolverConfigurationTests {
  @Test("resolv.conf is read as the C library reads it")
  func resolvConf() {
    let configuration = ResolverConfiguration(
      resolvConf: """
        # comment
        nameserver 192.0.2.53
        nameserver 2001:db8::53 ; second
        nameserver fe80::1%eth0
        nameserver not-an-address
        nameserver 192.0.2.54
        nameserver 192.0.2.55
        search office.example example.net
        options timeout:2 attempts:3 ndots:2 rotate edns0 use-vc
        """)
    #expect(configuration.servers.map(\.description) == ["192.0.2.53:53", "[2001:db8::53]:53", "192.0.2.54:53"])
    #expect(configuration.search.map(\.description) == ["office.example", "example.net"])
    #expect(configuration.timeout == .seconds(2) && configuration.attempts == 3 && configuration.dots == 2)
    #expect(configuration.rotates && configuration.usesTCP)
  }

  @Test("Without a server it is the machine itself; bounds hold")
  func defaults() {
    let configuration = ResolverConfiguration(resolvConf: "options timeout:900 attempts:99 ndots:x\nnameserver\nsearch .\n")
    #expect(configuration.servers == [DNSServer(host: "127.0.0.1")])
    #expect(configuration.timeout == .seconds(30) && configuration.attempts == 5 && configuration.dots == 1)
    #expect(configuration.search.isEmpty)
  }

  @Test("Servers with ports", arguments: ["192.0.2.1:5353", "192.0.2.1", "2001:db8::1", "[2001:db8::1]:5353"])
  func servers(text: String) {
    let server = DNSServer(text)
    #expect(server?.port == (text.hasSuffix(":5353") ? 5353 : 53))
    #expect(server?.host == (text.contains("192") ? "192.0.2.1" : "2001:db8::1"))
  }

  @Test(
    "What is no server is refused", arguments: ["", "name", "name:53", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:70000", "[::1", "[::1]x"])
  func notServers(text: String) { #expect(DNSServer(text) == nil) }

  @Test("hosts(5), with localhost in any case")
  func hosts() {
    let hosts = HostsFile("127.0.1.1 box box.example # own\n2001:db8::7\tbox\nnonsense here\n192.0.2.9 Pbx\n")
    func addresses(_ name: String, _ type: RecordType) -> [String]? { hosts.addresses(of: DomainName(name) ?? .root, type) }
    #expect(addresses("box", .a) == ["127.0.1.1"])
    #expect(addresses("BOX", .aaaa) == ["2001:db8::7"])
    #expect(addresses("pbx", .a) == ["192.0.2.9"] && addresses("pbx", .aaaa) == [])
    #expect(addresses("localhost", .a) == ["127.0.0.1"] && addresses("foo.localhost", .aaaa) == ["::1"])
    #expect(addresses("elsewhere", .a) == nil)
  }
}
