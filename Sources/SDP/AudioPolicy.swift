/// What we offer and accept for the one audio stream of a call.
package struct AudioPolicy: Hashable, Sendable {
  /// Our address as the peer reaches it, IPv4 or IPv6.
  package var address: String
  package var rtpPort: UInt16
  /// The default is the RTP port plus one.
  package var rtcpPort: UInt16
  /// Most preferred first, in an offer and in an answer; between the two laws of G.711 the offerer's order counts.
  ///
  /// The default is PCMU, PCMA.
  package var codecs: [AudioCodec]
  /// What we ask to receive, in ms; the default is 20.
  package var packetTime: Int
  /// RFC 4733 events; the default is true.
  package var telephoneEvents: Bool
  /// Offer and accept RTCP on the RTP port (RFC 5761); the default accepts and does not offer.
  package var offersRTCPMux: Bool
  package var acceptsRTCPMux: Bool
  /// Ask for VoIP metrics in the peer's reports (RFC 3611, 5); the default is true.
  package var asksForVoiceMetrics = true
  /// What we want; the default is `.sendReceive`.
  package var direction: MediaDirection
  /// The default is `.off`.
  package var security: MediaSecurity
  /// Whether what we say next reaches the peer over TLS, so that keys may be in it (RFC 4568, 5); the default is false.
  package var allowsKeys: Bool
  /// With `.offered`: offer RTP/SAVP, which a peer without SRTP refuses, and not RTP/AVP with keys beside it; the default is false.
  package var offersSecureProfile: Bool

  package init(
    address: String, rtpPort: UInt16, rtcpPort: UInt16? = nil, codecs: [AudioCodec] = [.pcmu, .pcma], packetTime: Int = 20,
    telephoneEvents: Bool = true, offersRTCPMux: Bool = false, acceptsRTCPMux: Bool = true, direction: MediaDirection = .sendReceive,
    security: MediaSecurity = .off, allowsKeys: Bool = false, offersSecureProfile: Bool = false
  ) {
    self.address = address
    self.rtpPort = rtpPort
    self.rtcpPort = rtcpPort ?? (rtpPort < 65535 ? rtpPort + 1 : rtpPort)
    self.codecs = codecs
    self.packetTime = packetTime
    self.telephoneEvents = telephoneEvents
    self.offersRTCPMux = offersRTCPMux
    self.acceptsRTCPMux = acceptsRTCPMux
    self.direction = direction
    self.security = security
    self.allowsKeys = allowsKeys
    self.offersSecureProfile = offersSecureProfile
  }
}

/// What offer and answer agreed on.
package struct NegotiatedAudio: Hashable, Sendable {
  /// Where our RTP goes; nothing is sent there when `direction` does not send.
  package var remoteAddress: String
  package var remotePort: UInt16
  package var remoteRTCPAddress: String
  package var remoteRTCPPort: UInt16
  package var rtcpMux: Bool
  package var codec: AudioCodec
  /// The codec's number in packets that we send.
  package var payloadType: UInt8
  /// The codec's number in packets that we receive.
  package var receivePayloadType: UInt8
  /// What the peer says of Opus.
  package var opus = OpusFormat()
  /// Hz of the durations of events, and of their time stamps where the codec's clock is the same.
  package var telephoneEventClockRate = 8000
  /// Events in packets that we send; nil when the peer takes none.
  package var telephoneEventPayloadType: UInt8?
  /// Events in packets that we receive.
  package var receiveTelephoneEventPayloadType: UInt8?
  /// The events the peer takes.
  package var telephoneEvents: TelephoneEventSet
  /// ms of audio in each packet that we send: a multiple of 10 from 10 to 60.
  package var packetTime: Int
  /// Seen from us.
  ///
  /// `.receiveOnly` and `.inactive`: the peer holds the call, or we do.
  package var direction: MediaDirection
  /// The peer asks for VoIP metrics in our reports (RFC 3611, 5).
  package var peerAsksForVoiceMetrics = false
  /// True when the peer put us on hold: it does not want our audio.
  package var isHeldByPeer: Bool
  /// nil: the packets are plain.
  package var security: NegotiatedKeys?
}

/// Why an offer or answer cannot be taken.
package struct NegotiationRejection: Error, Hashable, Sendable {
  package enum Cause: String, Hashable, Sendable, CaseIterable {
    case malformed, noAudio, secureOnly, plainOnly, keysNeedTLS, noUsableKey, noCommonCodec, noUsableAddress, audioRefused, mediaChanged
  }

  package var cause: Cause

  package init(_ cause: Cause) {
    self.cause = cause
  }

  /// 400 for what is no session description, else 488.
  package var status: Int { cause == .malformed ? 400 : 488 }

  /// What was wrong and what is accepted.
  package var text: String {
    switch cause {
    case .malformed: "The session description cannot be read"
    case .noAudio: "No audio stream is offered, RTP/AVP audio is needed"
    case .secureOnly: "Only RTP/AVP and RTP/AVPF audio is accepted here"
    case .plainOnly: "Only RTP/SAVP audio with keys over TLS is accepted here"
    case .keysNeedTLS: "SRTP needs SIP over TLS here, since its keys are in the session description"
    case .noUsableKey: "No a=crypto line that can be used, AES_CM_128_HMAC_SHA1_80 or AEAD_AES_128_GCM is needed"
    case .noCommonCodec: "No codec in common; those that are taken here stand in the configuration (media.codecs)"
    case .noUsableAddress: "No address and port for the audio, IP4 or IP6 is needed"
    case .audioRefused: "The audio stream was refused"
    case .mediaChanged: "The answer's media lines are not those of the offer"
    }
  }

  /// The code for a Warning field (RFC 3261 20.43).
  package var warningCode: Int {
    switch cause {
    case .malformed, .mediaChanged: 399
    case .noAudio, .audioRefused: 304
    case .secureOnly, .plainOnly, .keysNeedTLS, .noUsableKey: 302
    case .noCommonCodec: 305
    case .noUsableAddress: 300
    }
  }
}
