import SDP
import Testing

/// Offers as real peers send them.
@Suite struct PeerOffersTests {
  static func answer(_ text: String) throws -> MediaNegotiator.Answer {
    var negotiator = MediaNegotiator(sessionID: 1)
    return try negotiator.answer(
      offer: try SessionDescription(parsing: Array(text.utf8)), policy: AudioPolicy(address: "127.0.0.1", rtpPort: 40000))
  }

  @Test func baresip() throws {
    let audio = try Self.answer(
      """
      v=0\r
      o=- 3187093478 1829354813 IN IP4 127.0.0.1\r
      s=-\r
      c=IN IP4 127.0.0.1\r
      t=0 0\r
      a=tool:baresip 1.0.0\r
      m=audio 21002 RTP/AVP 0 8 101\r
      a=rtpmap:0 PCMU/8000\r
      a=rtpmap:8 PCMA/8000\r
      a=rtpmap:101 telephone-event/8000\r
      a=fmtp:101 0-15\r
      a=rtcp:21003\r
      a=sendrecv\r
      a=label:1\r
      a=rtcp-rsize\r
      a=ssrc:1533563463 cname:sip:bob@127.0.0.1\r
      a=ptime:20\r

      """
    ).audio
    #expect(audio.codec == .pcmu && audio.remotePort == 21002 && audio.remoteRTCPPort == 21003 && audio.telephoneEventPayloadType == 101)
  }

  @Test func linphone() throws {
    let answer = try Self.answer(
      """
      v=0\r
      o=alice 3463 2181 IN IP4 127.0.0.1\r
      s=Talk\r
      c=IN IP4 127.0.0.1\r
      t=0 0\r
      a=rtcp-xr:rcvr-rtt=all:10000 stat-summary=loss,dup,jitt,TTL voip-metrics\r
      a=record:off\r
      m=audio 7078 RTP/AVP 96 97 98 0 8 18 101 99 100\r
      a=rtpmap:96 opus/48000/2\r
      a=fmtp:96 useinbandfec=1\r
      a=rtpmap:97 speex/16000\r
      a=fmtp:97 vbr=on\r
      a=rtpmap:98 speex/8000\r
      a=fmtp:98 vbr=on\r
      a=fmtp:18 annexb=yes\r
      a=rtpmap:101 telephone-event/48000\r
      a=rtpmap:99 telephone-event/16000\r
      a=rtpmap:100 telephone-event/8000\r
      a=rtcp-fb:* trr-int 5000\r
      a=rtcp-fb:* ccm tmmbr\r
      m=video 9078 RTP/AVP 96\r
      a=rtpmap:96 VP8/90000\r

      """)
    #expect(answer.audio.codec == .pcmu && answer.audio.telephoneEventPayloadType == 100)
    #expect(answer.description.media.map(\.port) == [40000, 0])
  }

  @Test func sipp() throws {
    let audio = try Self.answer(
      """
      v=0\r
      o=user1 53655765 2353687637 IN IP4 127.0.0.1\r
      s=-\r
      c=IN IP4 127.0.0.1\r
      t=0 0\r
      m=audio 6000 RTP/AVP 0\r
      a=rtpmap:0 PCMU/8000\r

      """
    ).audio
    #expect(audio.codec == .pcmu && audio.telephoneEventPayloadType == nil && audio.packetTime == 20)
  }

  /// A browser needs DTLS: refused by RTP/AVP alone, and said so.
  @Test func chromium() {
    #expect(throws: NegotiationRejection(.secureOnly)) {
      try Self.answer(
        """
        v=0\r
        o=- 4611731400430051336 2 IN IP4 127.0.0.1\r
        s=-\r
        t=0 0\r
        a=group:BUNDLE 0\r
        a=extmap-allow-mixed\r
        a=msid-semantic: WMS\r
        m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126\r
        c=IN IP4 0.0.0.0\r
        a=rtcp:9 IN IP4 0.0.0.0\r
        a=ice-ufrag:abcd\r
        a=fingerprint:sha-256 00:11\r
        a=setup:actpass\r
        a=mid:0\r
        a=sendrecv\r
        a=rtcp-mux\r
        a=rtpmap:111 opus/48000/2\r
        a=rtpmap:63 red/48000/2\r
        a=rtpmap:126 telephone-event/8000\r

        """)
    }
  }
}
