import Protection
import Testing

@Suite("Sources")
struct SourceTests {
  @Test(arguments: [
    ("192.0.2.7", "192.0.2.7"), ("192.0.2.7/32", "192.0.2.7"), ("::ffff:192.0.2.7", "192.0.2.7"), ("[2001:db8::1]", "2001:db8::/64"),
    ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("2001:db8:1:2::/64", "2001:db8:1:2::/64"), ("fe80::1%eth0", "fe80::/64"),
  ])
  func isTold(_ text: String, _ description: String) throws {
    let source = try #require(Source(text))
    #expect(source.description == description)
    #expect(Source(description) == source, "what is shown can be typed")
  }

  @Test(arguments: ["", "host.example", "192.0.2", "2001:db8::/48", "192.0.2.7/24", "[192.0.2.7"])
  func isRefused(_ text: String) { #expect(Source(text) == nil) }

  @Test func neighboursWithinASlash64AreOne() {
    #expect(Source("2001:db8::1") == Source("2001:db8::ffff:ffff"))
    #expect(Source("2001:db8::1") != Source("2001:db8:0:1::1"))
    #expect(Source("0.0.0.0") != Source("::"))
  }
}
