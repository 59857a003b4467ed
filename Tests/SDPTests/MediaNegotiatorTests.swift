import SDP
import Testing

@Suite struct MediaNegotiatorTests {
  static let policy = AudioPolicy(address: "10.0.0.9", rtpPort: 40000)

  static func offer(_ lines: String, session: String = "c=IN IP4 10.0.0.1") throws -> SessionDescription {
    let text = "v=0\no=- 1 1 IN IP4 10.0.0.1\ns=-\n\(session)\nt=0 0\n\(lines)"
    return try SessionDescription(parsing: Array(text.utf8))
  }

  static func answer(_ lines: String, session: String = "c=IN IP4 10.0.0.1", policy: AudioPolicy = policy) throws -> MediaNegotiator.Answer
  {
    var negotiator = MediaNegotiator(sessionID: 1)
    return try negotiator.answer(offer: try offer(lines, session: session), policy: policy)
  }

  static func lines(_ description: SessionDescription) -> [String] {
    String(decoding: description.serialize(), as: UTF8.self).split(separator: "\r\n").map(String.init)
  }

  @Test func plainAudio() throws {
    let answer = try Self.answer("m=audio 6000 RTP/AVP 8 0 101\na=rtpmap:101 telephone-event/8000\na=fmtp:101 0-11,16\na=ptime:30\n")
    #expect(
      Self.lines(answer.description) == [
        "v=0", "o=- 1 1 IN IP4 10.0.0.9", "s=-", "c=IN IP4 10.0.0.9", "t=0 0", "m=audio 40000 RTP/AVP 8 101", "a=rtpmap:8 PCMA/8000",
        "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-11", "a=ptime:20", "a=sendrecv",
        "a=rtcp-xr:voip-metrics",
      ])
    let audio = answer.audio
    #expect(audio.codec == .pcma && audio.payloadType == 8 && audio.telephoneEventPayloadType == 101 && audio.packetTime == 30)
    #expect(audio.remoteAddress == "10.0.0.1" && audio.remotePort == 6000 && audio.remoteRTCPPort == 6001 && !audio.rtcpMux)
    #expect(audio.telephoneEvents.contains(11) && !audio.telephoneEvents.contains(12))
  }

  @Test func voiceMetricsAreGivenToWhoAsksForThem() throws {
    for (line, asks) in [
      ("", false), ("a=rtcp-xr:voip-metrics\n", true), ("a=rtcp-xr:rcvr-rtt=all voip-metrics stat-summary=loss\n", true),
      ("a=rtcp-xr:pkt-loss-rle\n", false), ("a=rtcp-xr\n", false),
    ] {
      #expect(try Self.answer("m=audio 6000 RTP/AVP 0\n" + line).audio.peerAsksForVoiceMetrics == asks)
    }
    let session = "c=IN IP4 10.0.0.1\r\na=rtcp-xr:voip-metrics"
    #expect(try Self.answer("m=audio 6000 RTP/AVP 0\n", session: session).audio.peerAsksForVoiceMetrics)
    var policy = Self.policy
    policy.asksForVoiceMetrics = false
    #expect(!Self.lines(try Self.answer("m=audio 6000 RTP/AVP 0\n", policy: policy).description).contains("a=rtcp-xr:voip-metrics"))
  }

  // Found by fuzzing.
  @Test func anAnswerIsReadAsItWasMade() throws {
    let answer = try Self.answer("m=audio 6000 RTP/AVP 0\n").description
    #expect(try SessionDescription(parsing: answer.serialize()) == answer)
  }

  @Test(arguments: [
    ("sendrecv", "10.0.0.1", MediaDirection.sendReceive, false), ("sendonly", "10.0.0.1", .receiveOnly, true),
    ("recvonly", "10.0.0.1", .sendOnly, false),
    ("inactive", "10.0.0.1", .inactive, true), ("sendrecv", "0.0.0.0", .receiveOnly, true), ("recvonly", "0.0.0.0", .inactive, true),
    ("sendonly", "0.0.0.0", .receiveOnly, true),
  ])
  func directionsAndHold(_ offered: String, _ address: String, _ ours: MediaDirection, _ held: Bool) throws {
    for lines in ["m=audio 6000 RTP/AVP 0\na=\(offered)\n", "a=\(offered)\nm=audio 6000 RTP/AVP 0\n"] {
      let answer = try Self.answer(lines, session: "c=IN IP4 \(address)")
      #expect(answer.audio.direction == ours && answer.audio.isHeldByPeer == held)
      #expect(Self.lines(answer.description).contains("a=\(ours.rawValue)"))
    }
  }

  @Test func ipv6AndItsHold() throws {
    var policy = Self.policy
    policy.address = "2001:db8::9"
    let answer = try Self.answer("m=audio 6000 RTP/AVP 0\n", session: "c=IN IP6 2001:db8::1", policy: policy)
    #expect(Self.lines(answer.description).contains("c=IN IP6 2001:db8::9") && answer.audio.remoteAddress == "2001:db8::1")
    #expect(try Self.answer("m=audio 6000 RTP/AVP 0\n", session: "c=IN IP6 ::", policy: policy).audio.direction == .receiveOnly)
  }

  @Test func ourWishNarrowsTheDirection() throws {
    var policy = Self.policy
    policy.direction = .sendOnly
    #expect(try Self.answer("m=audio 6000 RTP/AVP 0\n", policy: policy).audio.direction == .sendOnly)
    #expect(try Self.answer("m=audio 6000 RTP/AVP 0\na=sendonly\n", policy: policy).audio.direction == .inactive)
  }

  @Test func otherLinesAreRefusedInTheirPlaces() throws {
    let answer = try Self.answer(
      "m=video 5000 RTP/AVP 31 34\na=rtpmap:31 H261/90000\nm=audio 5002 RTP/SAVP 0\nm=audio 5004 RTP/AVP 9\n"
        + "m=audio 0 RTP/AVP 0\nm=audio 6000 RTP/AVP 0\nc=IN IP4 10.0.0.7\nm=audio 5006 RTP/AVP 0\n"
        + "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\n"
    )
    #expect(
      answer.description.media.map { "\($0.kind) \($0.port) \($0.transport) \($0.formats.joined(separator: " "))" } == [
        "video 0 RTP/AVP 31 34", "audio 0 RTP/SAVP 0", "audio 0 RTP/AVP 9", "audio 0 RTP/AVP 0", "audio 40000 RTP/AVP 0",
        "audio 0 RTP/AVP 0",
        "application 0 UDP/DTLS/SCTP webrtc-datachannel",
      ])
    #expect(answer.audio.remoteAddress == "10.0.0.7")
  }

  @Test(arguments: [
    ("", NegotiationRejection.Cause.noAudio), ("m=video 1 RTP/AVP 31\n", .noAudio), ("m=audio 0 RTP/AVP 0\n", .noAudio),
    ("m=audio 1 RTP/SAVP 0\n", .secureOnly),
    ("m=audio 1 UDP/TLS/RTP/SAVPF 0\n", .secureOnly), ("m=audio 1 RTP/AVP 3 9 96\na=rtpmap:96 opus/48000/2\n", .noCommonCodec),
    ("m=audio 1 RTP/AVP 101\na=rtpmap:101 telephone-event/8000\n", .noCommonCodec),
    ("m=audio 1 RTP/AVP 0\na=rtpmap:0 PCMU/16000\n", .noCommonCodec),
    ("m=audio 1 RTP/AVP 0\nc=ATM NSAP 47\n", .noUsableAddress),
  ])
  func rejections(_ lines: String, _ cause: NegotiationRejection.Cause) {
    #expect(throws: NegotiationRejection(cause)) { try Self.answer(lines) }
    #expect(NegotiationRejection(cause).status == 488 && !NegotiationRejection(cause).text.isEmpty)
  }

  @Test func oddities() throws {
    // Payload types twice, a dynamic number for PCMU, events at another clock first, malformed maps.
    let audio = try Self.answer(
      "m=audio 6000 RTP/AVPF 96 96 x 300 100 101\na=rtpmap:96 pcmu/8000/1\na=rtpmap:96 opus/48000/2\n"
        + "a=rtpmap:100 telephone-event/48000\na=rtpmap:101 telephone-event/8000\na=rtpmap\na=rtpmap:zz\n"
    ).audio
    #expect(audio.codec == .pcmu && audio.payloadType == 96 && audio.telephoneEventPayloadType == 101)
    let last = try Self.answer("m=audio 65535 RTP/AVP 0\n").audio
    #expect(last.remoteRTCPPort == 65535)
    #expect(
      try Self.answer("m=audio 1 RTP/AVP 0 101\na=rtpmap:101 telephone-event/8000\na=fmtp:101 32-36\n").audio.telephoneEventPayloadType
        == nil)
  }

  @Test(arguments: [
    ("", 20), ("a=ptime:40\n", 40), ("a=ptime:5\n", 10), ("a=ptime:25\n", 20), ("a=ptime:200\n", 60), ("a=maxptime:10\n", 10),
    ("a=ptime:x\n", 20), ("a=ptime:60\na=maxptime:30\n", 30),
  ])
  func packetTimes(_ lines: String, _ expected: Int) throws {
    #expect(try Self.answer("m=audio 6000 RTP/AVP 0\n" + lines).audio.packetTime == expected)
  }

  @Test func rtcp() throws {
    let mux = try Self.answer("m=audio 6000 RTP/AVP 0\na=rtcp:6009\na=rtcp-mux\n")
    #expect(mux.audio.rtcpMux && mux.audio.remoteRTCPPort == 6000 && Self.lines(mux.description).contains("a=rtcp-mux"))
    let apart = try Self.answer("m=audio 6000 RTP/AVP 0\na=rtcp:6009 IN IP4 10.0.0.3\n").audio
    #expect(!apart.rtcpMux && apart.remoteRTCPPort == 6009 && apart.remoteRTCPAddress == "10.0.0.3")
    var policy = Self.policy
    policy.acceptsRTCPMux = false
    policy.rtcpPort = 50001
    let refused = try Self.answer("m=audio 6000 RTP/AVP 0\na=rtcp-mux\n", policy: policy)
    #expect(!refused.audio.rtcpMux && Self.lines(refused.description).contains("a=rtcp:50001"))
  }

  @Test func offerAndAnswerOfTwoOfUs() throws {
    var caller = MediaNegotiator(sessionID: 5)
    var callee = MediaNegotiator(sessionID: 6)
    let offer = caller.offer(policy: Self.policy)
    let answer = try callee.answer(offer: offer, policy: AudioPolicy(address: "10.0.0.1", rtpPort: 6000, codecs: [.pcma]))
    let audio = try caller.accept(answer: answer.description)
    #expect(audio.codec == .pcma && answer.audio.codec == .pcma)
    #expect(audio.remoteAddress == "10.0.0.1" && audio.remotePort == 6000 && answer.audio.remotePort == 40000)
    #expect(audio.telephoneEventPayloadType == 101 && audio.direction == .sendReceive)
  }

  @Test func theAnswersNumbersAreThoseWeSendWith() throws {
    var caller = MediaNegotiator(sessionID: 5)
    _ = caller.offer(policy: Self.policy)
    let audio = try caller.accept(answer: try Self.offer("m=audio 6000 RTP/AVP 0 96\na=rtpmap:96 telephone-event/8000\na=recvonly\n"))
    #expect(audio.telephoneEventPayloadType == 96 && audio.receiveTelephoneEventPayloadType == 101 && audio.direction == .sendOnly)
  }

  @Test(arguments: [
    ("", NegotiationRejection.Cause.mediaChanged), ("m=video 1 RTP/AVP 0\n", .mediaChanged),
    ("m=audio 1 RTP/AVP 0\nm=audio 1 RTP/AVP 0\n", .mediaChanged), ("m=audio 0 RTP/AVP 0\n", .audioRefused),
    ("m=audio 1 RTP/AVP 18\n", .noCommonCodec),
  ])
  func answersThatCannotBeTaken(_ lines: String, _ cause: NegotiationRejection.Cause) {
    var caller = MediaNegotiator(sessionID: 5)
    _ = caller.offer(policy: Self.policy)
    #expect(throws: NegotiationRejection(cause)) { try caller.accept(answer: try Self.offer(lines)) }
    #expect(throws: NegotiationRejection(.mediaChanged)) { try caller.accept(answer: try Self.offer("m=audio 1 RTP/AVP 0\n")) }
  }

  @Test func theVersionGrowsOnlyWithChange() throws {
    var negotiator = MediaNegotiator(sessionID: 9)
    let offer = try Self.offer("m=video 1 RTP/AVP 31\nm=audio 6000 RTP/AVP 0\n")
    let first = try negotiator.answer(offer: offer, policy: Self.policy).description
    #expect(try negotiator.answer(offer: offer, policy: Self.policy).description == first)
    var held = Self.policy
    held.direction = .sendOnly
    let second = try negotiator.answer(offer: offer, policy: held).description
    #expect(first.origin.version == "9" && second.origin.version == "10" && second.origin.sessionID == "9")
    // An offer of ours keeps the places of the lines.
    let third = negotiator.offer(policy: Self.policy)
    #expect(third.media.map(\.kind) == ["video", "audio"] && third.media.map(\.port) == [0, 40000] && third.origin.version == "11")
  }
}
