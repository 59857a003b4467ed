import ConfigurationFile
import Testing

@Suite struct AddressTests {
  @Test(arguments: [
    ("udp://127.0.0.1:5060", "udp://127.0.0.1:5060"), ("tls://example.com", "tls://example.com:5061"),
    ("TCP://[2001:db8::1]:0", "tcp://[2001:db8::1]:0"), ("udp://[::]", "udp://[::]:5060"),
  ])
  func listenURLsAreRead(text: String, expected: String) throws {
    #expect(try ListenAddress(parsing: text).description == expected)
  }

  @Test(arguments: [
    "", "udp", "udp://", "udp://:5060", "udp://a:", "udp://a:-1", "udp://a:65536", "udp://[::1", "udp://[zz]:1", "udp://::1:5060",
    "udp://a/b",
  ])
  func badListenURLsAreRefused(text: String) {
    #expect(throws: ListenAddressError.self) { _ = try ListenAddress(parsing: text) }
  }

  @Test func networksContainTheirAddresses() throws {
    let network = try #require(TrustedNetwork("192.0.2.77/28"))
    #expect(network.description == "192.0.2.64/28")
    #expect(network.contains("192.0.2.79") && network.contains("::ffff:192.0.2.64"))
    #expect(!network.contains("192.0.2.80") && !network.contains("::1") && !network.contains("host"))
    #expect(TrustedNetwork("0.0.0.0/0")?.contains("203.0.113.9") == true)
    #expect(TrustedNetwork("2001:db8::/33")?.contains("2001:db8:7fff::1") == true)
    #expect(TrustedNetwork("2001:db8::/33")?.contains("2001:db8:8000::1") == false)
    #expect(TrustedNetwork("127.0.0.1")?.prefixLength == 32)
  }

  @Test(arguments: ["", "1.2.3", "1.2.3.4/", "1.2.3.4/33", "::/129", "1.2.3.4/8/9", "example.com"])
  func badNetworksAreRefused(text: String) {
    #expect(TrustedNetwork(text) == nil)
  }

  @Test(arguments: [("*", "", true), ("+81*", "+81", true), ("110", "110", false), ("184*", "184", true), ("*21*", "*21", true)])
  func patternsAreRead(text: String, digits: String, isPrefix: Bool) throws {
    let pattern = try #require(NumberPattern(text))
    #expect(pattern.digits == digits && pattern.isPrefix == isPrefix && pattern.description == text)
  }

  @Test(arguments: ["", "8+1", "abc", "+81-3*", " 1"]) func badPatternsAreRefused(text: String) {
    #expect(NumberPattern(text) == nil)
  }
}

struct PublicAddressTests {
  @Test(
    "What is written is what is read",
    arguments: [
      "203.0.113.1", "203.0.113.1:15060", "2001:db8::1", "[2001:db8::1]:5060", "stun:stun.example.com:3479", "stun:192.0.2.1:3478",
    ])
  func forms(text: String) {
    #expect(PublicAddress(text)?.description == text)
  }

  @Test("STUN has a port of its own")
  func stunPort() {
    #expect(PublicAddress("stun:stun.example.com") == .stun(host: "stun.example.com", port: 3478))
    #expect(PublicAddress("203.0.113.1") == .address("203.0.113.1", port: nil))
  }

  @Test(
    "Anything else is refused",
    arguments: ["", "gateway.example.com", "203.0.113.1:0", "203.0.113.1:70000", "stun:", "stun:a b", "stun:host:0", "[::1", "http://x"])
  func others(text: String) { #expect(PublicAddress(text) == nil) }
}
