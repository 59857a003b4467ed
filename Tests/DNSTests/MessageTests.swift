import DNS
import Testing

struct MessageTests {
  private let question = DNSQuestion(DomainName("example.com") ?? .root, .a)

  @Test("A query is a header, one question, and an OPT record")
  func query() {
    let query = DNSQuery(question, id: 0x1234, caseBits: 0)
    let name: [UInt8] = [7] + Array("example".utf8) + [3] + Array("com".utf8) + [0]
    #expect(query.serialize() == [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1] + name + [0, 1, 0, 1, 0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0])
  }

  @Test("The case bits spell the name")
  func spelling() {
    let query = DNSQuery(question, id: 1, caseBits: 0b1010, hasExtension: false)
    #expect(String(decoding: query.spelling, as: UTF8.self) == "\u{7}eXaMple\u{3}com\u{0}")
    #expect(query.serialize().count == 12 + 13 + 4)
  }

  /// The pieces of an answer as a real server packs it: every name compressed.
  private let compressed: [UInt8] =
    [0, 1, 0x81, 0x80, 0, 1, 0, 2, 0, 0, 0, 0]
    + [4] + Array("_sip".utf8) + [4] + Array("_udp".utf8) + [7] + Array("example".utf8) + [3] + Array("com".utf8) + [0] + [0, 33, 0, 1]
    + [0xc0, 12, 0, 33, 0, 1, 0, 0, 0x0e, 0x10, 0, 13, 0, 10, 0, 20, 0x13, 0xc4, 4] + Array("sip1".utf8) + [0xc0, 22]
    + [0xc0, 12, 0, 33, 0, 1, 0, 0, 0x0e, 0x10, 0, 8, 0, 20, 0, 0, 0x13, 0xc6, 0xc0, 22]

  @Test("Compressed names are followed")
  func compression() throws {
    let response = try DNSResponse(parsing: compressed)
    #expect(response.isResponse && response.code == .noError && !response.isTruncated)
    #expect(response.question == DNSQuestion(DomainName("_sip._udp.example.com") ?? .root, .srv))
    #expect(
      response.answers.map(\.data) == [
        .service(ServiceRecord(priority: 10, weight: 20, port: 5060, target: DomainName("sip1.example.com") ?? .root)),
        .service(ServiceRecord(priority: 20, weight: 0, port: 5062, target: DomainName("example.com") ?? .root)),
      ])
    #expect(response.answers.map(\.lifetimeSeconds) == [3600, 3600])
  }

  @Test("A pointer must point back: loops and forward jumps are refused")
  func pointerLoops() {
    let header: [UInt8] = [0, 1, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0]
    #expect(throws: DNSMessageError.badPointer) { try DNSResponse(parsing: header + [0xc0, 12, 0, 1, 0, 1]) }
    #expect(throws: DNSMessageError.badPointer) { try DNSResponse(parsing: header + [1, 0x61, 0xc0, 12, 0, 1, 0, 1]) }
    #expect(throws: DNSMessageError.badPointer) { try DNSResponse(parsing: header + [0xc0, 14, 1, 0x61, 0, 0, 1, 0, 1]) }
    #expect(throws: DNSMessageError.badLabel) { try DNSResponse(parsing: header + [0x80, 0, 0, 1, 0, 1]) }
  }

  @Test("Every beginning of a message is refused, never read beyond")
  func truncation() {
    for count in 0..<compressed.count {
      #expect(throws: DNSMessageError.self) { try DNSResponse(parsing: Array(compressed.prefix(count))) }
    }
  }

  @Test("A truncated answer may end within a record")
  func truncatedFlag() throws {
    var bytes = compressed
    bytes[2] |= 0x02
    let response = try DNSResponse(parsing: Array(bytes.prefix(bytes.count - 5)))
    #expect(response.isTruncated && response.answers.isEmpty)
  }

  @Test("A name longer than 255 bytes is refused, however it is put together")
  func longNames() {
    let header: [UInt8] = [0, 1, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0]
    let label = [63] + [UInt8](repeating: 0x61, count: 63)
    #expect(throws: DNSMessageError.longName) { try DNSResponse(parsing: header + label + label + label + label + [0, 0, 1, 0, 1]) }
    #expect(DomainName(String(repeating: "a", count: 64) + ".com") == nil)
    #expect(DomainName((0..<64).map { _ in "abc" }.joined(separator: ".")) == nil)
    #expect(DomainName("a..b") == nil)
    #expect(DomainName("Example.COM.") == DomainName("example.com"))
  }

  @Test("Records whose data does not fit their length are refused")
  func recordLengths() {
    let query = DNSQuery(question, id: 1, caseBits: 0).serialize()
    for data in [[1, 2, 3], [1, 2, 3, 4, 5]] as [[UInt8]] {
      let message = MessageWriter(answering: query, answers: [.init(name: "example.com", type: 1, data: data)]).bytes
      #expect(throws: DNSMessageError.badRecordLength) { try DNSResponse(parsing: message) }
    }
    let long = MessageWriter(answering: query, answers: [.init(name: "example.com", type: 5, data: MessageWriter.wire("a.b") + [0])]).bytes
    #expect(throws: DNSMessageError.badRecordLength) { try DNSResponse(parsing: long) }
  }

  @Test("NAPTR, AAAA, CNAME and SOA are read")
  func kinds() throws {
    let query = DNSQuery(question, id: 1, caseBits: 0).serialize()
    let message = MessageWriter(
      answering: query,
      answers: [
        .pointer("example.com", 50, 60, "S", "sip+d2t", "_sip._tcp.example.com"), .aaaa("example.com", lastByte: 9),
        .alias("www.example.com", "example.com"), .init(name: "example.com", type: 16, data: [1, 0x61]),
      ], authorities: [.authority("example.com", seconds: 90)]
    ).bytes
    let response = try DNSResponse(parsing: message)
    let pointer = NamingAuthorityPointer(
      order: 50, preference: 60, flags: "s", service: "SIP+D2T", replacement: DomainName("_sip._tcp.example.com") ?? .root)
    #expect(
      response.answers.map(\.data) == [.pointer(pointer), .address("2001:db8::9"), .alias(DomainName("example.com") ?? .root), .other])
    #expect(response.authorities.map(\.data) == [.authority(negativeSeconds: 90)])
  }
}
