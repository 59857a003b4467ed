import Protection
import Testing

@Suite("Messages at a glance")
struct MessageKindTests {
  @Test(arguments: [
    ("", MessageKind.keepAlive), ("\n\n", .keepAlive), ("SIP/2.0 200 OK\n\n", .response), ("sip/2.0 200 OK\n\n", .response),
    ("\nACK sip:a@b SIP/2.0\nAuthorization: x\n\n", .acknowledgement), ("OPTIONS sip:a SIP/2.0\nTo: x\n\n", .request),
    ("REGISTER sip:a SIP/2.0\nTo: x\nAuthorization: Digest a\n\n", .requestWithCredentials),
    ("INVITE sip:a SIP/2.0\nproxy-AUTHORIZATION : Digest a\n\n", .requestWithCredentials),
    ("INVITE sip:a SIP/2.0\n\nAuthorization: in the body\n", .request), ("INVITE sip:a SIP/2.0\nX-Authorization: a\n\n", .request),
    ("garbage", .request), ("INVITE sip:a SIP/2.0\nAuthorizatio", .request), ("INVITE sip:a SIP/2.0\n", .request), ("SIP/2.0", .request),
  ])
  func isSeen(_ text: String, _ kind: MessageKind) { #expect(MessageKind(text) == kind) }

  @Test func bareLineFeedsAreSeenToo() {
    let bytes = Array("INVITE sip:a SIP/2.0\nAuthorization: Digest a\n\n".utf8)
    #expect(bytes.withUnsafeBytes { MessageKind(glance: $0) } == .requestWithCredentials)
  }

  @Test func anyBytesGiveSomeKind() {
    var generator = SystemRandomNumberGenerator()
    for length in 0..<300 {
      let bytes = (0..<length).map { _ in [0x0d, 0x0a, 0x41, 0x70, UInt8(truncatingIfNeeded: generator.next())].randomElement() ?? 0 }
      _ = bytes.withUnsafeBytes { MessageKind(glance: $0) }
    }
  }
}
