import MediaPath
import Testing

@Suite("Media addresses")
struct MediaAddressTests {
  @Test(arguments: [("192.0.2.1", "192.0.2.1:5"), ("2001:db8::1", "[2001:db8::1]:5"), ("[::1]", "[::1]:5")])
  func readsNumericHosts(host: String, text: String) throws {
    let address = try #require(MediaAddress(host: host, port: 5))
    #expect(address.description == text)
    #expect(address.isUsable)
  }

  @Test(arguments: ["gateway.example.com", "", "192.0.2", "1.2.3.4.5", "[::1"])
  func refusesNames(host: String) {
    #expect(MediaAddress(host: host, port: 5) == nil)
  }

  @Test func unspecifiedAndPortZeroAreNotUsable() throws {
    #expect(try #require(MediaAddress(host: "0.0.0.0", port: 5)).isUsable == false)
    #expect(try #require(MediaAddress(host: "::", port: 5)).isUsable == false)
    #expect(MediaAddress.ipv4(1, 2, 3, 4, port: 0).isUsable == false)
    #expect(MediaAddress.none.isUsable == false)
  }

  @Test func comparesHostsApartFromPorts() {
    let one = MediaAddress.ipv4(1, 2, 3, 4, port: 10)
    #expect(one.isSameHost(as: one.withPort(11)))
    #expect(!one.isEqual(to: one.withPort(11)))
    #expect(!MediaAddress.none.isSameHost(as: .none), "no address is nobody's host")
  }
}
