import SIP
import Testing

@Suite struct MultipartBodyTests {
  static func message(_ type: String, _ body: String) throws -> SIPMessage {
    try SIPParser.parse(datagram: Array("INVITE sip:h SIP/2.0\r\nContent-Type: \(type)\r\n\r\n\(body)".utf8))
  }

  static func description(_ type: String, _ body: String) throws -> String? {
    try message(type, body).sessionDescription.map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func aloneOrAmongOthers() throws {
    #expect(try Self.description("application/sdp", "v=0\r\n") == "v=0\r\n")
    #expect(try Self.description("text/plain", "v=0\r\n") == nil)
    let body =
      "preamble\r\n--b x\r\n--b\r\nContent-Type: text/plain\r\n\r\nv=1\r\n--b  \r\nc: APPLICATION/SDP\r\n\r\nv=0\r\n\r\n--b--\r\n--b\r\n\r\nx"
    #expect(try Self.description("multipart/mixed; boundary=b", body) == "v=0\r\n")
    #expect(try Self.description("multipart/mixed; boundary=\"b\"", body) == "v=0\r\n")
    #expect(try Self.description("multipart/mixed; boundary=c", body) == nil)
    #expect(try Self.description("multipart/mixed", body) == nil)
  }

  @Test func partsWithoutEndsFieldsOrBodies() {
    func bodies(_ text: String) -> [String] {
      MultipartBody.parts(Array(text.utf8), boundary: "b").map { String(decoding: $0.body, as: UTF8.self) }
    }
    #expect(bodies("--b\r\n\r\nx") == ["x"])
    #expect(bodies("--b\n\nx\n--b\n\ny\n--b--") == ["x", "y"])
    #expect(bodies("--b\r\n--b--") == [""])
    #expect(bodies("--b") == [""])
    #expect(bodies("--b--") == [])
    #expect(bodies(String(repeating: "--b\n\nx\n", count: 100)).count == MultipartBody.partLimit)
  }
}
