import NIOCore
import SIP
import SIPTransport
import Testing

@Suite struct MessageTraceTests {
  static func flow(_ kind: SIPTransportKind = .udp, id: UInt64 = 1) -> Flow {
    Flow(
      transport: kind, id: id, local: SIPAddress(host: "192.0.2.1", port: 5060), remote: SIPAddress(host: "192.0.2.9", port: 40_211))
  }

  private func text(_ snapshot: MessageTraceSnapshot) -> [String] {
    snapshot.entries.map { String(decoding: snapshot.bytes(of: $0), as: UTF8.self) }
  }

  @Test func theOldestGoFirst() {
    var trace = MessageTrace(capacity: 10)
    for (index, word) in ["aaaa", "bbbb", "cc", "ddd", "eeee"].enumerated() {
      trace.record(Array(word.utf8), isSent: index % 2 == 1, flow: Self.flow(), time: Int64(index))
    }
    // aaaabbbbcc fills the ring; ddd falls upon aaaa, eeee upon bbbb, which begins within it.
    let snapshot = trace.snapshot()
    #expect(text(snapshot) == ["cc", "ddd", "eeee"])
    #expect(snapshot.last == 5 && snapshot.entries.last?.number == 5)
    #expect(snapshot.entries.last?.isSent == false && snapshot.entries.last?.time == 4)
    #expect(snapshot.first == snapshot.entries.first?.number)
  }

  @Test func whatComesAfterANumber() {
    var trace = MessageTrace(capacity: 1000)
    for word in ["a", "b", "c"] { trace.record(Array(word.utf8), isSent: true, flow: Self.flow(), time: 0) }
    let later = text(trace.snapshot(since: 1))
    #expect(later == ["b", "c"])
    let none = trace.snapshot(since: 3)
    #expect(none.entries.isEmpty && none.first == 1 && none.last == 3)
  }

  @Test func whatIsKeptIsAlwaysWhole() {
    var trace = MessageTrace(capacity: 4096)
    var state: UInt64 = 7
    for number in 1...5_000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let length = Int(state >> 33) % 900
      trace.record([UInt8](repeating: UInt8(truncatingIfNeeded: number), count: length), isSent: false, flow: Self.flow(), time: 0)
      guard number % 97 == 0 else { continue }
      let snapshot = trace.snapshot()
      #expect(snapshot.entries.last?.number == UInt64(number))
      // Without a gap up to the newest, each with its own bytes only, together no more than the ring.
      #expect(snapshot.entries.map(\.number) == Array(snapshot.first...snapshot.last))
      for entry in snapshot.entries {
        #expect(snapshot.bytes(of: entry).allSatisfy { $0 == UInt8(truncatingIfNeeded: entry.number) })
      }
      #expect(snapshot.entries.reduce(0) { $0 + snapshot.bytes(of: $1).count } <= 4096)
      let count = trace.count
      #expect(count == snapshot.entries.count)
    }
  }

  @Test func memoryDoesNotGrowWhileTheRingFills() {
    var trace = MessageTrace(capacity: 1 << 20)
    let room = trace.room
    let most = trace.mostMessages
    for _ in 0..<20_000 {
      trace.record([1, 2, 3], isSent: true, flow: Self.flow(), time: 0)
      let count = trace.count
      #expect(count <= most)
    }
    let count = trace.count
    let roomAfter = trace.room
    #expect(count == most)
    #expect(roomAfter == room)
    // The newest of them, without a gap.
    let numbers = trace.snapshot().entries.map(\.number)
    #expect(numbers == Array((20_001 - UInt64(most))...20_000))
  }

  @Test func nothingIsKeptOfSizeZeroNorWhatIsTooLarge() {
    var off = MessageTrace(capacity: 0)
    off.record([1, 2, 3], isSent: true, flow: Self.flow())
    let (isOn, nothing) = (off.isOn, off.snapshot())
    #expect(!isOn && nothing.entries.isEmpty && nothing.last == 0)
    var small = MessageTrace(capacity: 8)
    small.record([UInt8](repeating: 0, count: 9), isSent: true, flow: Self.flow())
    let counted = small.snapshot()
    #expect(counted.entries.isEmpty && counted.last == 1 && counted.first == 2)
  }

  @Test func outlines() {
    let request = MessageOutline(Array("INVITE sip:1@b SIP/2.0\r\nVia: x\r\ni: a b@c \r\nCSeq: 7 INVITE\r\n\r\nCall-ID: no".utf8))
    #expect(request.method == "INVITE" && request.requestURI == "sip:1@b" && request.status == nil)
    #expect(request.callID == "a b@c" && request.cseq == "7 INVITE")
    let response = MessageOutline(Array("SIP/2.0 486 Busy Here\nCall-ID: x\nCSeq: 2 INVITE\n\n".utf8))
    #expect(response.status == 486 && response.reason == "Busy Here" && response.method == "INVITE" && response.callID == "x")
    #expect(MessageOutline(Array("\u{0}nonsense".utf8)).method == nil)
    #expect(MessageOutline([]).callID == nil)
  }

  @Test(arguments: [SIPTransportKind.udp, .tcp]) func theTransportKeepsWhatItReceivesAndSends(_ kind: SIPTransportKind) async throws {
    let gateway = try await Station(kind) { $0.traceBytes = 100_000 }
    let phone = try await Station(kind)
    let sent = try request("traced", bodySize: 20)
    try await phone.send(sent, to: .address(kind, gateway.address))
    let (message, flow) = try await gateway.recorder.nextMessage()
    try await gateway.send(try response(to: message), to: .flow(flow))
    if kind == .tcp { _ = try await phone.recorder.nextOpened() }
    let (answer, _) = try await phone.recorder.nextMessage()
    let snapshot = try await gateway.transport.eventLoop.submit { [transport = gateway.transport] in transport.trace.snapshot() }.get()
    #expect(snapshot.entries.map(\.isSent) == [false, true])
    #expect(snapshot.entries.allSatisfy { $0.flow == flow })
    #expect(snapshot.entries.map(snapshot.bytes) == [sent.serialize(), answer.serialize()])
    #expect((snapshot.entries.map(\.time).max() ?? 0) <= snapshot.time)
    let idle = try await phone.transport.eventLoop.submit { [transport = phone.transport] in transport.trace.snapshot().last }.get()
    #expect(idle == 0)
    await gateway.transport.shutdown()
    await phone.transport.shutdown()
  }
}

@Suite struct CredentialMaskTests {
  private func masked(_ text: String) -> String { String(decoding: CredentialMask.masked(Array(text.utf8)), as: UTF8.self) }

  @Test func digests() {
    let message = """
      REGISTER sip:gw SIP/2.0\r
      Authorization: Digest username="bob", realm="gw", nonce="abc", uri="sip:gw", response="0123456789abcdef", cnonce="c1", nc=00000001\r
      proxy-authorization : Digest response=feed,username="al"\r
      Authorization: Digest username="bob",\r
       response="folded"\r
      Authentication-Info: rspauth="99", nextnonce="nn", qop=auth\r
      Call-ID: response="kept"\r
      \r

      """
    let expected = """
      REGISTER sip:gw SIP/2.0\r
      Authorization: Digest username="bob", realm="gw", nonce="abc", uri="sip:gw", response="****************", cnonce="**", nc=00000001\r
      proxy-authorization : Digest response=****,username="al"\r
      Authorization: Digest username="bob",\r
       response="******"\r
      Authentication-Info: rspauth="**", nextnonce="**", qop=auth\r
      Call-ID: response="kept"\r
      \r

      """
    #expect(masked(message) == expected)
  }

  @Test func otherSchemesAndPasswordsInURIs() {
    #expect(masked("Authorization: Basic Ym9iOnNlY3JldA==\r\n") == "Authorization: Basic*****************\r\n")
    #expect(masked("To: <sip:bob:secret@gw:5060>\r\n") == "To: <sip:bob:******@gw:5060>\r\n")
    #expect(masked("To: <sip:bob@gw:5060>, <sips:a:b@[::1]>\r\n") == "To: <sip:bob@gw:5060>, <sips:a:*@[::1]>\r\n")
    #expect(masked("INVITE sip:+8133@gw;user=phone SIP/2.0\r\n") == "INVITE sip:+8133@gw;user=phone SIP/2.0\r\n")
  }

  @Test func mediaKeysAndKeyedDigits() {
    let body = "X: y\r\n\r\n"
    #expect(
      masked(body + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4 FEC_ORDER=FEC_SRTP\r\n")
        == body + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:****************************************|2^20|1:4 FEC_ORDER=FEC_SRTP\r\n")
    #expect(masked(body + "a=crypto:1 X inline:AA;inline:BB\r\n") == body + "a=crypto:1 X inline:**;inline:**\r\n")
    #expect(masked(body + "k=base64:AAAA\r\na=ice-pwd:zz\r\na=ptime:20\r\n") == body + "k=***********\r\na=ice-pwd:**\r\na=ptime:20\r\n")
    #expect(masked(body + "Signal=5\r\nDuration=160\r\n") == body + "Signal=*\r\nDuration=160\r\n")
    #expect(masked(body + "#") == body + "*")
  }

  @Test func bytesThatAreNoText() {
    var state: UInt64 = 5
    for _ in 0..<2_000 {
      let seeds = ["Authorization: Digest response=", "a=crypto:1 inline:", "\r\n\r\n", "sip:a:b@", "\r\n k=", "=\"", ","]
      var bytes: [UInt8] = []
      for _ in 0..<12 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        bytes += Array(seeds[Int(state >> 40) % seeds.count].utf8) + [UInt8(truncatingIfNeeded: state >> 50)]
      }
      #expect(CredentialMask.masked(bytes).count == bytes.count)
    }
  }
}
