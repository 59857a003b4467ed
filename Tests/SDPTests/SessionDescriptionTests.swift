import SDP
import Testing

@Suite struct SessionDescriptionTests {
  static let full = """
    v=0\r
    o=- 1 2 IN IP4 10.0.0.1\r
    s=talk\r
    i=information\r
    e=a@example.com\r
    c=IN IP4 10.0.0.1\r
    b=AS:64\r
    t=0 0\r
    k=prompt\r
    a=group:BUNDLE 0\r
    m=audio 4000/2 RTP/AVP 0 8\r
    i=title\r
    c=IN IP4 10.0.0.2\r
    b=TIAS:64000\r
    a=rtpmap:0 PCMU/8000\r
    a=sendrecv\r
    m=video 0 RTP/AVP 31\r

    """

  @Test func whatIsReadIsWritten() throws {
    let description = try SessionDescription(parsing: Array(Self.full.utf8))
    #expect(String(decoding: description.serialize(), as: UTF8.self) == Self.full)
    #expect(description.media[0].port == 4000 && description.media[0].portCount == 2)
    #expect(description.media[0].attributes.value("rtpmap") == "0 PCMU/8000")
    #expect(description.media[0].attributes.value("sendrecv") == "" && description.media[0].attributes.value("ptime") == nil)
  }

  @Test func whatIsMissingOrOddIsForgiven() throws {
    let description = try SessionDescription(
      parsing: Array("v=0\no=- 1 1 IN IP4 1.2.3.4\nc=IN IP4 224.0.0.1/127\n\nm=audio 1 RTP/AVP 0\n\n\n".utf8))
    #expect(description.name == "-" && description.connection?.address == "224.0.0.1")
    #expect(String(decoding: description.serialize(), as: UTF8.self).contains("\r\nt=0 0\r\n"))
  }

  @Test(arguments: [
    ("", SDPParseError.Code.empty, 0), ("v=1\r\n", .version, 1), ("o=- 1 1 IN IP4 a\r\n", .version, 1), ("v=0\r\n", .origin, 0),
    ("v=0\r\no=- 1 1 IN IP4\r\n", .origin, 2), ("v=0\r\no=- 1 1 IN IP4 a\r\no=- 1 1 IN IP4 a\r\n", .origin, 3),
    ("v=0\r\nm =audio 1 RTP/AVP 0\r\n", .malformedLine, 2),
    ("v=0\r\nrubbish\r\n", .malformedLine, 2), ("v=0\r\na=x\ry\r\n", .malformedLine, 2), ("v=0\r\nc=IN IP4\r\n", .connection, 2),
    ("v=0\r\nc=IN IP4 /3\r\n", .connection, 2),
    ("v=0\r\nm=audio 65536 RTP/AVP 0\r\n", .media, 2), ("v=0\r\nm=audio -1 RTP/AVP 0\r\n", .media, 2),
    ("v=0\r\nm=audio x RTP/AVP 0\r\n", .media, 2),
    ("v=0\r\nm=audio 1/0 RTP/AVP 0\r\n", .media, 2), ("v=0\r\nm=audio 1 RTP/AVP\r\n", .media, 2),
    ("v=0\r\nm=audio 1 RTP/AVP 0\r\no=x\r\n", .misplacedLine, 3), ("v=0\r\nq=x\r\n", .misplacedLine, 2),
  ])
  func errors(_ text: String, _ code: SDPParseError.Code, _ line: Int) {
    do throws(SDPParseError) {
      _ = try SessionDescription(parsing: Array(text.utf8))
      #expect(Bool(false), "parsed")
    } catch {
      #expect(error.code == code && error.line == line, "\(error)")
    }
  }

  @Test func limits() {
    #expect(throws: SDPParseError.self) { try SessionDescription(parsing: [UInt8](repeating: 0x61, count: 70_000)) }
    let many = Self.full + String(repeating: "a=x\r\n", count: 1_100)
    #expect(throws: SDPParseError.self) { try SessionDescription(parsing: Array(many.utf8)) }
  }

  @Test func everyPrefixAndEveryDamagedByteIsSurvived() throws {
    let bytes = Array(Self.full.utf8)
    for index in bytes.indices {
      for byte: UInt8 in [0, 0x0a, 0x0d, 0x20, 0x2f, 0x3a, 0xff] {
        var damaged = bytes
        damaged[index] = byte
        guard let description = try? SessionDescription(parsing: damaged) else { continue }
        #expect(try SessionDescription(parsing: description.serialize()) == description)
        var negotiator = MediaNegotiator(sessionID: 1)
        _ = try? negotiator.answer(offer: description, policy: AudioPolicy(address: "10.0.0.9", rtpPort: 4000))
      }
      _ = try? SessionDescription(parsing: Array(bytes[..<index]))
    }
  }
}
