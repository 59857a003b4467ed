import SIP
import Testing

@Suite struct SIPURITests {
  @Test(arguments: [
    "sip:alice@example.com", "sips:alice:secret@example.com:5061;transport=tcp", "sip:[2001:db8::1]:5060;lr", "sip:example.com",
    "sip:+81333331234@gw;user=phone", "tel:+81-3-3333-1234", "tel:7042;phone-context=example.com", "urn:service:sos",
    "sip:a@h?Replaces=1%402", "sip:*21%23@h",
  ])
  func whatIsReadIsWritten(_ text: String) throws {
    #expect(try SIPURI(parsing: text).description == text)
  }

  @Test(arguments: [
    ("SIP:Alice@EXAMPLE.com", "sip:Alice@example.com"), ("sip:%61lice@h", "sip:alice@h"), ("sip:a%2fb@h", "sip:a%2Fb@h"),
    ("sip:*21#@h", "sip:*21#@h"),
  ])
  func equalFormsAreWrittenAlike(_ text: String, _ expected: String) throws {
    #expect(try SIPURI(parsing: text).description == expected)
  }

  @Test(arguments: [
    "", "sip", "sip:", ":x", "1sip:x", "sip:@h", "sip:a@", "sip:a@b@c", "sip:a b@h", "sip:h:", "sip:h:65536", "sip:h:12x", "sip:[::1",
    "sip:[zz]",
    "sip:[1:2]", "sip:a%4@h", "sip:a%zz@h", "sip:h;", "sip:h;=x", "sip:h?", "sip:h;a=b c", "tel:", "tel:-.-", "tel:12x", "<sip:h>",
    "sip:h>",
    "sip:h :5", "other:", "other:<x>",
  ])
  func malformed(_ text: String) {
    #expect(throws: SIPSyntaxError.self) { try SIPURI(parsing: text) }
  }

  @Test func userIsEscapedWhereNeeded() {
    let uri = SIPURI(user: "a b#@%", host: "h", port: 5070)
    #expect(uri.description == "sip:a%20b%23%40%25@h:5070")
    #expect(uri.user == "a b#@%")
  }

  @Test(arguments: [
    ("sip:h", "h", UInt16(5060), SIPTransportKind.udp), ("sips:h", "h", 5061, .tls), ("sip:h;transport=TCP", "h", 5060, .tcp),
    ("sip:h:5080;transport=tls", "h", 5080, .tls), ("sip:h;maddr=10.0.0.1", "10.0.0.1", 5060, .udp),
    ("sip:[::1];transport=tcp", "::1", 5060, .tcp),
  ])
  func whereARequestGoes(_ text: String, _ host: String, _ port: UInt16, _ kind: SIPTransportKind) throws {
    let uri = try SIPURI(parsing: text)
    #expect(uri.address == SIPAddress(host: host, port: port))
    #expect(uri.transportKind == kind)
  }

  // The pairs of RFC 3261 19.1.4.
  @Test(arguments: [
    ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp", true),
    ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5", true),
    ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5", true),
    ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP", false),
    ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060", false), ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp", false),
    ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off", false),
    ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4", false),
  ])
  func equivalence(_ left: String, _ right: String, _ expected: Bool) throws {
    let (left, right) = (try SIPURI(parsing: left), try SIPURI(parsing: right))
    #expect(left.isEquivalent(to: right) == expected)
    #expect(right.isEquivalent(to: left) == expected)
  }

  // Found by fuzzing.
  @Test func aParameterThatStandsTwiceIsEquivalentToItself() throws {
    let uri = try SIPURI(parsing: "sip:us;tag=%C0R:E:us;tag=%C0")
    #expect(uri.isEquivalent(to: uri))
  }

  @Test(arguments: [
    ("tel:+81-3-3333-1234", "+81333331234", nil as String?), ("tel:7042;phone-context=+81-3", "7042", "+81-3"),
    ("sip:03-3333-1234@gw;user=phone", "0333331234", nil), ("sip:7042;phone-context=example.com@gw;user=phone", "7042", "example.com"),
    ("sip:*21#@gw", "*21#", nil), ("sip:alice@gw", nil, nil), ("sip:gw", nil, nil), ("sip:+@gw", nil, nil), ("sip:1+2@gw", nil, nil),
  ])
  func telephoneNumbers(_ text: String, _ digits: String?, _ context: String?) throws {
    let subscriber = try SIPURI(parsing: text).telephoneSubscriber
    #expect(subscriber?.digits == digits)
    #expect(subscriber?.context == context)
  }

  @Test func headersOfAReferToAreDecoded() throws {
    let fields = try SIPURI(parsing: "sip:a@h?Replaces=1%40h%3Bto-tag%3D2&Subject=x").headerFields
    #expect(fields.map(\.name) == ["Replaces", "Subject"])
    #expect(fields.map(\.value) == ["1@h;to-tag=2", "x"])
  }
}
