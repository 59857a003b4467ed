import SIP
import Testing

@Suite struct SIPParserTests {
  static let invite = """
    INVITE sip:1@h SIP/2.0\r
    v: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1\r
    f: <sip:a@h>;tag=1\r
    t: <sip:1@h>\r
    i: c@h\r
    CSeq: 1 INVITE\r
    Content-Length: 4\r
    \r
    body
    """

  static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  static func error(_ text: String, limits: SIPParser.Limits = .init()) -> SIPParseError? {
    do throws(SIPParseError) {
      _ = try SIPParser.parse(datagram: bytes(text), limits: limits)
      return nil
    } catch {
      return error
    }
  }

  @Test func compactForms() throws {
    guard case .request(let request) = try SIPParser.parse(datagram: Self.bytes("\r\n\r\n" + Self.invite + "tail")) else {
      return #expect(Bool(false))
    }
    #expect(request.method == .invite && request.body == Self.bytes("body"))
    #expect(request.headers.fromTag == "1" && request.headers.toTag == nil && request.headers.callID == "c@h")
    #expect(
      String(decoding: request.serialize(), as: UTF8.self).hasPrefix(
        "INVITE sip:1@h SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1\r\nFrom: "))
  }

  @Test func withoutContentLengthTheBodyGoesToTheEnd() throws {
    let text = Self.invite.replacing("Content-Length: 4\r\n", with: "") + " and more"
    #expect(try SIPParser.parse(datagram: Self.bytes(text)).body == Self.bytes("body and more"))
  }

  @Test func linesMayEndInLFAlone() throws {
    #expect(try SIPParser.parse(datagram: Self.bytes(Self.invite.replacing("\r\n", with: "\n"))).headers.count == 6)
  }

  @Test(arguments: [
    ("", SIPParseError.Code.keepAlive), ("\r\n\r\n", .keepAlive), ("garbage", .notSIP), ("GET / HTTP/1.1\r\n\r\n", .notSIP),
    ("\0\u{1}\u{2}", .notSIP),
    ("SIP/2.0 99 x\r\n\r\n", .statusLine), ("SIP/2.0 700 x\r\n\r\n", .statusLine), ("SIP/2.0 2000 x\r\n\r\n", .statusLine),
    ("SIP/2.0\r\n\r\n", .statusLine),
    ("SIP/3.0 200 OK\r\n\r\n", .unsupportedVersion), ("OPTIONS sip:h SIP/2.00\r\n\r\n", .unsupportedVersion),
    ("OPTIONS  sip:h SIP/2.0\r\n\r\n", .requestLine),
    ("OPTIONS <sip:h> SIP/2.0\r\n\r\n", .requestURI), ("OPTIONS SIP/2.0\r\n\r\n", .requestLine), ("OPTIONS sip:h SIP/2.0\r\n", .truncated),
    ("OPTIONS sip:h SIP/2.0\r\nTo x\r\n\r\n", .headerLine), ("OPTIONS sip:h SIP/2.0\r\n folded\r\n\r\n", .headerLine),
    ("OPTIONS sip:h SIP/2.0\r\nA: b\rc\r\n\r\n", .headerLine), ("OPTIONS sip:h SIP/2.0\r\nl: 1\r\n\r\n", .truncated),
    ("OPTIONS sip:h SIP/2.0\r\nl: x\r\n\r\n", .contentLength), ("OPTIONS sip:h SIP/2.0\r\nl: 0\r\nl: 0\r\n\r\n", .contentLength),
    ("OPTIONS sip:h SIP/2.0\r\nl: 99999999999999999999\r\n\r\n", .contentLength),
  ])
  func errors(_ text: String, _ code: SIPParseError.Code) {
    #expect(Self.error(text)?.code == code)
  }

  @Test func limits() {
    var limits = SIPParser.Limits()
    limits.headerCount = 5
    #expect(Self.error(Self.invite, limits: limits)?.code == .tooManyHeaders)
    limits = SIPParser.Limits()
    limits.lineLength = 30
    #expect(Self.error(Self.invite, limits: limits)?.code == .lineTooLong)
    limits = SIPParser.Limits()
    limits.messageSize = 100
    #expect(Self.error(Self.invite, limits: limits)?.code == .messageTooLarge)
  }

  @Test func aBrokenRequestIsAnsweredWhereItCanBe() throws {
    let broken = Self.invite.replacing("sip:1@h SIP", with: "sip: SIP")
    let response = try #require(Self.error(broken)?.response(toTag: "x"))
    #expect(response.status == 400 && response.headers.toTag == "x" && response.headers.callID == "c@h")
    #expect(Self.error(broken.replacing("INVITE", with: "ACK"))?.response(toTag: "x") == nil)
    #expect(Self.error(broken.replacing("v: ", with: "Z: "))?.response(toTag: "x") == nil)
    #expect(Self.error(Self.invite.replacing("SIP/2.0\r\nv", with: "SIP/9.1\r\nv"))?.response(toTag: "x")?.status == 505)
  }

  @Test func everyPrefixAndEveryDamagedByteIsSurvived() {
    let bytes = Self.bytes(Self.invite)
    for count in 0...bytes.count { _ = try? SIPParser.parse(datagram: Array(bytes[..<count])) }
    for index in bytes.indices {
      for byte: UInt8 in [0, 0x0a, 0x0d, 0x20, 0x22, 0x3a, 0x5c, 0xff] {
        var damaged = bytes
        damaged[index] = byte
        guard case .request(let request)? = try? SIPParser.parse(datagram: damaged) else { continue }
        _ = RequestValidation().check(request)
      }
    }
  }

  @Test func sixtyFourKilobytes() throws {
    var request = SIPRequest(method: .invite, uri: SIPURI(host: "h"))
    request.body = [UInt8](repeating: 0x61, count: 65_000)
    #expect(try SIPParser.parse(datagram: request.serialize()).body.count == 65_000)
  }
}

@Suite struct SIPResponseTests {
  @Test func copiesWhatAResponseNeeds() throws {
    let text = SIPParserTests.invite.replacing(
      "i: c@h", with: "i: c@h\r\nVia: SIP/2.0/TCP p;branch=z9hG4bK2\r\nTimestamp: 5\r\nRecord-Route: <sip:p;lr>")
    guard case .request(let request) = try SIPParser.parse(datagram: Array(text.utf8)) else { return #expect(Bool(false)) }
    let ringing = SIPResponse(to: request, status: 180, toTag: "b", recordRoute: true)
    #expect(ringing.headers.pairs.map(\.name) == ["Via", "Via", "Record-Route", "From", "To", "Call-ID", "CSeq"])
    #expect(ringing.headers.toTag == "b" && ringing.reason == "Ringing")
    let trying = SIPResponse(to: request, status: 100, toTag: "b")
    #expect(trying.headers.toTag == nil && trying.headers[.timestamp] == "5")
    let again = try SIPParser.parse(datagram: ringing.serialize())
    #expect(try again.headers.vias().map(\.transport) == ["UDP", "TCP"])
  }

  @Test func aTagThatIsThereStays() throws {
    var request = SIPRequest(method: .bye, uri: SIPURI(host: "h"))
    request.headers.add(.to, "sip:a@h;tag=old")
    #expect(SIPResponse(to: request, status: 200, toTag: "new").headers.toTag == "old")
    request.headers[.to] = "sip:a@h"
    #expect(SIPResponse(to: request, status: 200, toTag: "new").headers.toTag == "new")
  }
}
