import Console
import Foundation
import Testing

@Suite struct TerminalTests {
  @Test func barsSpanSixtyDecibels() {
    #expect(Wording.bar(dbm0: 0, width: 10) == "██████████")
    #expect(Wording.bar(dbm0: -60, width: 10) == "··········")
    #expect(Wording.bar(dbm0: -30, width: 10) == "█████·····")
    #expect(Wording.bar(dbm0: -33, width: 10) == "████▌·····")
  }

  @Test(arguments: [-1000.0, 50, .nan, .infinity, -.infinity]) func barsKeepTheirWidth(level: Double) {
    #expect(Wording.bar(dbm0: level, width: 10).count == 10)
  }

  @Test func levels() {
    #expect(Wording.level(-21.4) == "-21 dBm0")
    #expect(Wording.level(-96) == "silence")
    #expect(Wording.level(.nan) == "silence")
    #expect(Wording.rounded(-0.2, 0) == "0")
    #expect(Wording.rounded(0.987, 2) == "0.99")
  }

  @Test func durations() {
    #expect(Wording.duration(4.9) == "4 s")
    #expect(Wording.duration(67) == "1:07")
    #expect(Wording.duration(7384) == "2:03:04")
    #expect(Wording.duration(-1) == "–")
    #expect(Wording.duration(.nan) == "–")
  }

  @Test func tablesAlignAndLeaveEmptyColumnsOut() {
    var table = TextTable("NAME", "NOTE", ">COUNT")
    table.add("line1", nil, "7")
    table.add("modem", nil, "12345")
    #expect(table.lines == ["NAME   COUNT", "line1      7", "modem  12345"])
  }

  @Test func aShortRowIsFilledUp() {
    var table = TextTable("A", "B")
    table.add("1", "2")
    table.add("3")
    #expect(table.lines == ["A  B", "1  2", "3"])
  }

  @Test(
    arguments: [
      ("pbx", "pbx", nil), ("127.0.0.1:5070", "127.0.0.1", 5070), ("[::1]:5061", "::1", 5061), ("[::1]", "::1", nil),
      ("fe80::1", "fe80::1", nil),
    ] as [(String, String, UInt16?)])
  func gatewayAddresses(text: String, host: String, port: UInt16?) throws {
    let address = try #require(GatewayAddress(text))
    #expect(address.host == host)
    #expect(address.port == port)
  }

  @Test(arguments: ["", ":5060", "host:0", "host:70000", "host:x", "[::1", "[::1]x", "sip:bob@host", "a b"])
  func whatIsNoGatewayAddress(text: String) {
    #expect(GatewayAddress(text) == nil)
  }
}
