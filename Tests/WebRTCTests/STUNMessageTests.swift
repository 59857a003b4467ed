import Testing
import WebRTC

/// The test vectors of RFC 5769 §2.1 … §2.3; the password of all is the same.
private enum Vector {
  static let password = Array("VOkJxbRl1RmTxUk/WvJxBt".utf8)
  static let header: [UInt8] = [0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae]

  static let request: [UInt8] =
    [0x00, 0x01, 0x00, 0x58] + header + [0x80, 0x22, 0x00, 0x10] + Array("STUN test client".utf8)
    + [0x00, 0x24, 0x00, 0x04, 0x6e, 0x00, 0x01, 0xff, 0x80, 0x29, 0x00, 0x08, 0x93, 0x2f, 0xf9, 0xb1, 0x51, 0x26, 0x3b, 0x36]
    + [0x00, 0x06, 0x00, 0x09] + Array("evtj:h6vY   ".utf8)
    + [0x00, 0x08, 0x00, 0x14, 0x9a, 0xea, 0xa7, 0x0c, 0xbf, 0xd8, 0xcb, 0x56, 0x78, 0x1e, 0xf2, 0xb5, 0xb2, 0xd3, 0xf2, 0x49]
    + [0xc1, 0xb5, 0x71, 0xa2, 0x80, 0x28, 0x00, 0x04, 0xe5, 0x7a, 0x3b, 0xcf]

  static let responseIPv4: [UInt8] =
    [0x01, 0x01, 0x00, 0x3c] + header + [0x80, 0x22, 0x00, 0x0b] + Array("test vector ".utf8)
    + [0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43]
    + [0x00, 0x08, 0x00, 0x14, 0x2b, 0x91, 0xf5, 0x99, 0xfd, 0x9e, 0x90, 0xc3, 0x8c, 0x74, 0x89, 0xf9, 0x2a, 0xf9, 0xba, 0x53]
    + [0xf0, 0x6b, 0xe7, 0xd7, 0x80, 0x28, 0x00, 0x04, 0xc0, 0x7d, 0x4c, 0x96]

  static let responseIPv6: [UInt8] =
    [0x01, 0x01, 0x00, 0x48] + header + [0x80, 0x22, 0x00, 0x0b] + Array("test vector ".utf8)
    + [0x00, 0x20, 0x00, 0x14, 0x00, 0x02, 0xa1, 0x47, 0x01, 0x13, 0xa9, 0xfa, 0xa5, 0xd3, 0xf1, 0x79, 0xbc, 0x25, 0xf4, 0xb5]
    + [0xbe, 0xd2, 0xb9, 0xd9]
    + [0x00, 0x08, 0x00, 0x14, 0xa3, 0x82, 0x95, 0x4e, 0x4b, 0xe6, 0x7b, 0xf1, 0x17, 0x84, 0xc9, 0x7c, 0x82, 0x92, 0xc2, 0x75]
    + [0xbf, 0xe3, 0xed, 0x41, 0x80, 0x28, 0x00, 0x04, 0xc8, 0xfb, 0x0b, 0x4c]
}

struct STUNMessageTests {
  @Test("RFC 5769 §2.1: the request is read; its integrity and fingerprint hold")
  func request() throws {
    let message = try STUNMessage(parsing: Vector.request)
    #expect(message.kind == .request && message.method == STUNMessage.bindingMethod)
    #expect(message[.software] == Array("STUN test client".utf8) && message[.username] == Array("evtj:h6vY".utf8))
    #expect(message.unknownAttributes == [0x24])
    #expect(STUNMessage.isIntact(Vector.request, key: Vector.password))
    #expect(!STUNMessage.isIntact(Vector.request, key: Array("wrong".utf8)))
  }

  @Test("RFC 5769 §2.2 and §2.3: the mapped addresses are found")
  func responses() throws {
    let four = try STUNMessage(parsing: Vector.responseIPv4)
    #expect(four.kind == .success && four.mappedAddress?.description == "192.0.2.1:32853")
    #expect(STUNMessage.isIntact(Vector.responseIPv4, key: Vector.password))
    let six = try STUNMessage(parsing: Vector.responseIPv6)
    #expect(six.mappedAddress?.description == "[2001:db8:1234:5678:11:2233:4455:6677]:32853")
    #expect(STUNMessage.isIntact(Vector.responseIPv6, key: Vector.password))
  }

  @Test("What is written is the vector, but for its padding")
  func writing() throws {
    var message = try STUNMessage(parsing: Vector.responseIPv4)
    message.attributes = [STUNAttribute(.software, Array("test vector ".utf8))]
    let address = try #require(STUNAddress(bytes: [192, 0, 2, 1], port: 32853))
    message.add(xorMappedAddress: address)
    let written = message.serialize(key: Vector.password, hasFingerprint: true)
    // The vector pads with a space where zeros stand here: the name is one byte longer instead.
    #expect(Array(written[24..<48]) == Array(Vector.responseIPv4[24..<48]))
    let again = try STUNMessage(parsing: written)
    #expect(again.mappedAddress == address && STUNMessage.isIntact(written, key: Vector.password))
  }

  @Test("One changed bit breaks the fingerprint, wherever it is")
  func fingerprint() {
    for index in Vector.request.indices where index >= 20 {
      var bytes = Vector.request
      bytes[index] ^= 1
      let isTaken = (try? STUNMessage(parsing: bytes)) != nil
      // Unless it hides the fingerprint itself, which then is an attribute like others.
      #expect(!isTaken || (100..<102).contains(index), "byte \(index)")
    }
  }

  @Test("Every beginning, and every wrong length, is refused")
  func lengths() {
    for count in Vector.request.indices {
      #expect(throws: STUNError.self) { try STUNMessage(parsing: Array(Vector.request.prefix(count))) }
    }
    #expect(throws: STUNError.length) { try STUNMessage(parsing: Vector.request + [0]) }
    var long = Array(Vector.responseIPv4.prefix(36))
    (long[3], long[23]) = (16, 0xff)
    #expect(throws: STUNError.attribute(0x8022)) { try STUNMessage(parsing: long) }
  }

  @Test("SIP, RTP and DTLS are no STUN")
  func demultiplexing() {
    #expect(STUNMessage.isMessage(Vector.request))
    #expect(!STUNMessage.isMessage(Array("OPTIONS sip:a@b SIP/2.0\r\n\r\n".utf8)))
    #expect(!STUNMessage.isMessage([0x80] + [UInt8](repeating: 0, count: 30)))
    #expect(!STUNMessage.isMessage([0, 1] + [UInt8](repeating: 0, count: 30)))
    #expect(!STUNMessage.isMessage([0x0d, 0x0a, 0x0d, 0x0a]))
  }

  @Test("Class and method are woven into the type", arguments: [STUNMessage.Class.request, .indication, .success, .error])
  func types(kind: STUNMessage.Class) throws {
    var random = SystemRandomNumberGenerator()
    for method: UInt16 in [1, 3, 0x7f, 0x80] {
      let message = STUNMessage(kind, method: method, transactionID: STUNTransactionID(using: &random))
      #expect(try STUNMessage(parsing: message.serialize()) == message)
    }
  }
}

struct BindingClientTests {
  private var random = SystemRandomNumberGenerator()

  @Test("Seven requests, the wait doubling from 500 ms, given up after 39.5 s")
  mutating func retransmission() {
    var client = BindingClient(using: &random, now: .zero)
    var sent: [Duration] = []
    var requests: Set<[UInt8]> = []
    var end: Duration?
    while let deadline = client.deadline {
      switch client.advance(to: deadline) {
      case .send(let bytes):
        sent.append(deadline)
        requests.insert(bytes)
      case .failed(.timedOut): end = deadline
      default: Issue.record("unexpected")
      }
    }
    #expect(sent == [0, 500, 1500, 3500, 7500, 15500, 31500].map { .milliseconds($0) })
    #expect(end == .milliseconds(39500) && requests.count == 1 && client.isOver)
  }

  @Test("The answer to its own request ends it, once")
  mutating func answer() throws {
    var client = BindingClient(using: &random, now: .zero)
    guard case .send(let bytes) = client.advance(to: .zero) else { throw STUNError.notSTUN }
    let request = try STUNMessage(parsing: bytes)
    var response = STUNMessage(.success, transactionID: request.transactionID)
    let address = try #require(STUNAddress(bytes: [203, 0, 113, 5], port: 40_000))
    response.add(xorMappedAddress: address)
    var other = response
    other.transactionID = STUNTransactionID(using: &random)
    #expect(client.receive(other.serialize()) == .none)
    #expect(client.receive(bytes) == .none)
    #expect(client.receive(response.serialize(hasFingerprint: true)) == .found(address))
    #expect(client.receive(response.serialize()) == .none && client.deadline == nil)
  }

  @Test("MAPPED-ADDRESS of an old server will do; an error or nonsense will not")
  mutating func otherAnswers() throws {
    for (kind, attribute, expected) in [
      (
        STUNMessage.Class.success, STUNAttribute(.mappedAddress, [0, 1, 0x13, 0xc4, 192, 0, 2, 9]),
        BindingClient.Action.found(try #require(STUNAddress(bytes: [192, 0, 2, 9], port: 5060)))
      ), (.error, STUNAttribute(.errorCode, [0, 0, 4, 20, 0x78]), .failed(.refused(420))),
      (.success, STUNAttribute(.software, []), .failed(.refused(0))), (.success, STUNAttribute(0x7777, [1]), .failed(.refused(0))),
    ] {
      var client = BindingClient(using: &random, now: .zero)
      guard case .send(let bytes) = client.advance(to: .zero) else { throw STUNError.notSTUN }
      let request = try STUNMessage(parsing: bytes)
      let response = STUNMessage(kind, transactionID: request.transactionID, attributes: [attribute])
      #expect(client.receive(response.serialize()) == expected)
    }
  }
}
