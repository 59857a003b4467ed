import SIP
import Testing

@Suite struct SIPStreamFramerTests {
  static let options = """
    OPTIONS sip:h SIP/2.0\r
    Via: SIP/2.0/TCP a;branch=z9hG4bK1\r
    From: <sip:a>;tag=1\r
    To: <sip:b>\r
    Call-ID: 1\r
    CSeq: 1 OPTIONS\r
    Content-Length: 3\r
    \r
    abc
    """

  static func outputs(_ text: String, chunk: Int) -> [String] {
    var framer = SIPStreamFramer()
    var result: [String] = []
    let bytes = Array(text.utf8)
    for start in stride(from: 0, to: bytes.count, by: chunk) {
      framer.receive(bytes[start..<min(start + chunk, bytes.count)])
      while let output = framer.next() {
        switch output {
        case .message(let message): result.append(String(decoding: message.body, as: UTF8.self))
        case .unparsable(let error): result.append(error.code.rawValue)
        case .failed(let error): result.append("failed \(error.code.rawValue) \(error.salvaged != nil)")
        case .ping: result.append("ping")
        case .unheard: result.append("unheard")
        }
      }
    }
    return result
  }

  @Test(arguments: [1, 2, 3, 50, 10_000])
  func severalMessagesInAnyPieces(_ chunk: Int) {
    let text = "\r\n\r\n" + Self.options + "\r\n\r\n" + Self.options + Self.options
    #expect(Self.outputs(text, chunk: chunk) == ["ping", "abc", "ping", "abc", "abc"])
  }

  @Test(arguments: [1, 10_000])
  func withoutLengthTheStreamIsLost(_ chunk: Int) {
    let text = Self.options.replacing("Content-Length: 3\r\n", with: "")
    #expect(Self.outputs(text + Self.options, chunk: chunk) == ["failed contentLength true"])
  }

  @Test(arguments: [1, 10_000])
  func aBrokenMessageOfKnownLengthCostsOnlyItself(_ chunk: Int) {
    let broken = Self.options.replacing("sip:h ", with: "<sip:h> ")
    #expect(Self.outputs(broken + Self.options, chunk: chunk) == ["requestURI", "abc"])
  }

  @Test(arguments: [1, 10_000])
  func whatIsNotSIPEndsTheStream(_ chunk: Int) {
    #expect(Self.outputs("GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n" + Self.options, chunk: chunk) == ["failed notSIP false"])
  }

  @Test func endlessHeadersAndBodiesAreCut() {
    var framer = SIPStreamFramer()
    var failures = 0
    for _ in 0..<200 {
      framer.receive([UInt8](repeating: 0x61, count: 1000))
      while let output = framer.next() {
        if case .failed(let error) = output, error.code == .messageTooLarge { failures += 1 }
      }
      #expect(framer.bufferedCount <= 66_600)
    }
    #expect(failures == 1)
    #expect(Self.outputs(Self.options.replacing("Length: 3", with: "Length: 65535"), chunk: 9) == ["failed messageTooLarge true"])
  }

  @Test func aSingleLineEndIsNoPing() {
    #expect(Self.outputs("\r\n" + Self.options, chunk: 1000) == ["abc"])
  }
}
