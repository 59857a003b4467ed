import SIP
import Testing

@Suite struct SIPHeadersTests {
  @Test func namesIgnoreCaseAndForm() {
    for name in HeaderName.allCases where name != .extension {
      #expect(HeaderName(matching: name.text.uppercased()) == name)
      #expect(HeaderName(matching: name.text.lowercased()) == name)
      if let compact = name.compactForm { #expect(HeaderName(matching: compact.uppercased()) == name) }
    }
    #expect(HeaderName(matching: "X-Other") == .extension)
    #expect(HeaderName(matching: "") == .extension)
  }

  @Test func orderIsKeptAndPushedFieldsComeFirst() {
    var headers = SIPHeaders()
    headers.add(.via, "one")
    headers.add(named: "X-Thing", "x")
    headers.add(.to, "t")
    headers.push(.via, "zero")
    headers.push(.route, "r")
    #expect(headers.pairs.map { "\($0.name)=\($0.value)" } == ["Route=r", "Via=zero", "Via=one", "X-Thing=x", "To=t"])
    #expect(headers["x-thing"] == "x")
    #expect(headers["v"] == "zero")
  }

  @Test func settingReplacesAll() {
    var headers = SIPHeaders()
    headers.add(.contact, "a")
    headers.add(.to, "t")
    headers.add(.contact, "b")
    headers[.contact] = "c"
    #expect(headers.pairs.map(\.value) == ["c", "t"])
    headers[.contact] = nil
    #expect(!headers.contains(.contact))
  }

  @Test func aValueCannotMakeAFieldOfItsOwn() {
    var headers = SIPHeaders()
    headers.add(.subject, "x\r\nEvil: 1")
    headers.add(named: "Bad Name", "x")
    headers.add(.from, NameAddress(uri: SIPURI(user: "a\r\nEvil: 1", host: "h"), displayName: "n\r\nEvil: 1\"\\"))
    let text = String(decoding: SIPRequest(method: .options, uri: SIPURI(host: "h"), headers: headers).serialize(), as: UTF8.self)
    #expect(!text.contains("\r\nEvil"))
    #expect(!text.contains("Bad Name"))
    #expect((try? headers.from())?.displayName == "n  Evil: 1\"\\")
  }

  @Test func listsAcrossFieldsAndCommas() throws {
    var headers = SIPHeaders()
    headers.add(.recordRoute, "<sip:a;lr>, \"x, y\" <sip:b,c@h;lr>;p=\"1,2\"")
    headers.add(.recordRoute, "<sip:d;lr>")
    let routes = try headers.recordRoutes()
    #expect(routes.map(\.uri.description) == ["sip:a;lr", "sip:b,c@h;lr", "sip:d;lr"])
    #expect(routes[1].displayName == "x, y")
    #expect(routes[1].parameters["p"] == "1,2")
    #expect(routes.allSatisfy { $0.isLooseRoute })
  }

  @Test(arguments: [
    "", ",", "<sip:a>,", ",<sip:a>", "<sip:a> <sip:b>", "<sip:a", "\"x <sip:a>", "\"x\" sip:a", "sip:a?b=c", "<sip:a>;;", "<sip:a>;=x",
    "<sip:a>;x=", "a, b <sip:c>",
  ])
  func malformedAddresses(_ value: String) {
    var headers = SIPHeaders()
    headers.add(.contact, value)
    #expect(throws: SIPHeaderError.self) { try headers.contacts() }
  }

  @Test func singleFields() throws {
    var headers = SIPHeaders()
    #expect(throws: SIPHeaderError(.cseq, .missing)) { try headers.cseq() }
    headers.add(.cseq, "7 BYE")
    #expect(try headers.cseq() == CSeq(7, .bye))
    headers.add(.cseq, "8 BYE")
    #expect(throws: SIPHeaderError(.cseq, .repeated)) { try headers.cseq() }
    for wrong in ["", "BYE", "7", "7BYE", "-1 BYE", "2147483648 BYE", "7 BYE x", "99999999999999999999999 BYE"] {
      headers[.cseq] = wrong
      #expect(throws: SIPHeaderError.self, "\(wrong)") { try headers.cseq() }
    }
  }

  @Test func viaIsReadAndMarked() throws {
    var headers = SIPHeaders()
    headers.add(.via, "SIP/2.0/udp pc33.example.com:5066 ; branch=z9hG4bK776 ;rport, SIP/2.0/TCP [::1];received=::1")
    var via = try headers.topVia()
    #expect(via.transportKind == .udp && via.port == 5066 && via.hasUniqueBranch && via.asksForRport && via.rport == nil)
    via.markReceived(from: SIPAddress(host: "192.0.2.1", port: 9))
    #expect(via.wireText == "SIP/2.0/UDP pc33.example.com:5066;branch=z9hG4bK776;rport=9;received=192.0.2.1")
    #expect(try headers.vias()[1].received == "::1")
    #expect(
      Via(.tls, sentBy: SIPAddress(host: "::1", port: 5061), branch: "z9hG4bKx").wireText == "SIP/2.0/TLS [::1]:5061;rport;branch=z9hG4bKx")
  }

  @Test func reasonAndTokens() {
    var headers = SIPHeaders()
    headers.add(.reason, ReasonHeader.q850(16, "Normal \"call\" clearing"))
    headers.add(.reason, "SIP ;cause=600 ;text=\"x\", other")
    #expect(headers.reasons == [.q850(16, "Normal \"call\" clearing"), .sip(600, "x"), ReasonHeader(protocolName: "other", cause: nil)])
    headers.add(.supported, "timer, 100rel ,replaces")
    #expect(headers.has(.supported, "100REL") && !headers.has(.supported, "path"))
    headers.add(.privacy, "id;critical")
    #expect(headers.tokens(.privacy) == ["id", "critical"])
  }

  @Test func contactStar() throws {
    var headers = SIPHeaders()
    headers.add(.contact, "*")
    #expect(try headers.contacts() == .all)
    headers.add(.contact, "<sip:a>")
    #expect(throws: SIPHeaderError.self) { try headers.contacts() }
  }

  @Test func contactParameters() throws {
    var headers = SIPHeaders()
    headers.add(.contact, "<sip:a@h>;q=0.25;expires=60")
    let contact = try #require(try headers.contact())
    #expect(contact.priorityInThousandths == 250 && contact.expires == 60)
  }
}
