import SDP
import Testing

@Suite struct CodecNegotiationTests {
  private static let all: [AudioCodec] = [.pcmu, .pcma, .opus, .g722]

  private static func answer(_ lines: String, _ codecs: [AudioCodec]) throws -> MediaNegotiator.Answer {
    try MediaNegotiatorTests.answer(lines, policy: AudioPolicy(address: "10.0.0.9", rtpPort: 40000, codecs: codecs))
  }

  /// What Chromium, linphone and baresip offer, in their orders.
  private static let wide = """
    m=audio 6000 RTP/AVP 111 9 8 0 100 101
    a=rtpmap:111 opus/48000/2
    a=fmtp:111 minptime=10;useinbandfec=1; maxaveragebitrate=14000 ; usedtx=1
    a=rtpmap:100 telephone-event/48000
    a=rtpmap:101 telephone-event/8000

    """

  @Test(arguments: [
    (all, AudioCodec.pcma, UInt8(8), 8000, UInt8(101)), ([.opus, .pcmu], .opus, 111, 48_000, 100), ([.g722, .opus], .g722, 9, 8000, 101),
    ([.pcmu], .pcmu, 0, 8000, 101), ([.pcmu, .pcma], .pcma, 8, 8000, 101),
  ])
  func ourOrderDecides(ours: [AudioCodec], codec: AudioCodec, type: UInt8, clock: Int, events: UInt8) throws {
    let audio = try Self.answer(Self.wide, ours).audio
    #expect(audio.codec == codec && audio.payloadType == type && audio.receivePayloadType == type)
    #expect(audio.telephoneEventClockRate == clock && audio.telephoneEventPayloadType == events)
    #expect(audio.receiveTelephoneEventPayloadType == events)
  }

  @Test func opusIsAnsweredWithItsTerms() throws {
    let answer = try Self.answer(Self.wide, [.opus])
    let lines = MediaNegotiatorTests.lines(answer.description)
    #expect(lines.contains("m=audio 40000 RTP/AVP 111 100") && lines.contains("a=rtpmap:111 opus/48000/2"))
    #expect(lines.contains("a=fmtp:111 maxplaybackrate=8000;sprop-maxcapturerate=8000;maxaveragebitrate=18000;useinbandfec=1"))
    #expect(lines.contains("a=rtpmap:100 telephone-event/48000") && lines.contains("a=ptime:40"))
    #expect(answer.audio.packetTime == 40)
    #expect(answer.audio.opus == OpusFormat(maximumAverageBitRate: 14_000, usesErrorCorrection: true, wantsSilenceLeftOut: true))
  }

  /// baresip 1.0 has events at 8000 Hz only.
  @Test func eventsAtAnotherClockAreBetterThanNone() throws {
    let offer = "m=audio 6000 RTP/AVP 96 101\na=rtpmap:96 opus/48000/2\na=rtpmap:101 telephone-event/8000\n"
    let audio = try Self.answer(offer, [.opus]).audio
    #expect(audio.payloadType == 96 && audio.telephoneEventPayloadType == 101 && audio.telephoneEventClockRate == 8000)
    #expect(!audio.opus.usesErrorCorrection && audio.opus.maximumAverageBitRate == nil)
  }

  @Test(arguments: [
    ("", 40), ("a=ptime:20\n", 40), ("a=ptime:60\n", 60), ("a=ptime:50\n", 40), ("a=maxptime:20\n", 20), ("a=maxptime:30\n", 20),
    ("a=maxptime:10\n", 10),
  ])
  func packetTimesOfOpus(_ lines: String, _ expected: Int) throws {
    #expect(try Self.answer("m=audio 6000 RTP/AVP 96\na=rtpmap:96 opus/48000/2\n" + lines, [.opus]).audio.packetTime == expected)
  }

  @Test(arguments: ["opus/48000", "opus/48000/1", "opus/16000/2", "G722/16000", "G722/8000/2"])
  func othersOfTheirNamesAreNotTaken(_ map: String) {
    #expect(throws: NegotiationRejection(.noCommonCodec)) {
      try Self.answer("m=audio 6000 RTP/AVP 96\na=rtpmap:96 \(map)\n", Self.all)
    }
  }

  @Test(arguments: [
    ("maxaveragebitrate=1;useinbandfec=2", 6_000, false), ("maxaveragebitrate=999999999", 510_000, false),
    ("maxaveragebitrate=;;=;useinbandfec", nil, false), ("maxaveragebitrate=x;USEINBANDFEC=1", nil, true),
    ("maxaveragebitrate=99999999999999999999999", nil, false),
  ])
  func oddParameters(_ text: String, _ rate: Int?, _ corrects: Bool) throws {
    let opus = try Self.answer("m=audio 6000 RTP/AVP 96\na=rtpmap:96 opus/48000/2\na=fmtp:96 \(text)\n", [.opus]).audio.opus
    #expect(opus.maximumAverageBitRate == rate && opus.usesErrorCorrection == corrects)
  }

  @Test(arguments: [[AudioCodec.opus, .pcmu], [.pcmu, .opus], [.g722], all]) func twoOfUs(codecs: [AudioCodec]) throws {
    var caller = MediaNegotiator(sessionID: 5)
    var callee = MediaNegotiator(sessionID: 6)
    let offer = caller.offer(policy: AudioPolicy(address: "10.0.0.9", rtpPort: 40000, codecs: codecs))
    let answer = try callee.answer(offer: offer, policy: AudioPolicy(address: "10.0.0.1", rtpPort: 6000, codecs: [.g722, .opus, .pcmu]))
    let audio = try caller.accept(answer: answer.description)
    let codec: AudioCodec = codecs.contains(.g722) ? .g722 : .opus
    #expect(audio.codec == codec && answer.audio.codec == codec)
    #expect(audio.payloadType == codec.payloadType && audio.receivePayloadType == codec.payloadType)
    let events: UInt8 = codec == .opus ? 102 : 101
    #expect(audio.telephoneEventPayloadType == events && audio.receiveTelephoneEventPayloadType == events)
    #expect(audio.telephoneEventClockRate == codec.clockRate && answer.audio.telephoneEventClockRate == codec.clockRate)
    #expect(audio.packetTime == (codec == .opus ? 40 : codecs.first == .opus ? 40 : 20))
  }
}
