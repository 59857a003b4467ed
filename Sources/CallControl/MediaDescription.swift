package import SDP

/// A numeric address and a UDP port.
package struct MediaEndpoint: Hashable, Sendable {
  package var host: String
  package var port: UInt16

  package init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }
}

/// What an offer and its answer have settled about a call's packets.
package struct MediaDescription: Hashable, Sendable {
  /// Where RTP goes, as the peer's session description says.
  package var remote: MediaEndpoint
  /// Where RTCP goes; equal to `remote` when multiplexed (RFC 5761).
  package var remoteControl: MediaEndpoint
  package var multiplexesControl: Bool
  package var codec: AudioCodec
  /// The payload type of the codec in packets that we send, 0 to 127.
  package var payloadType: UInt8
  /// What the peer says of Opus.
  package var opus = OpusFormat()
  /// Hz of the durations of telephone events; the default is 8000.
  package var eventClockRate = 8000
  /// The payload type of telephone events (RFC 4733) in packets that we send; nil: none were negotiated.
  package var telephoneEventPayloadType: UInt8?
  /// The codec's payload type in packets that come; equal to `payloadType` but for peers that number as they like.
  package var receivePayloadType: UInt8
  /// The same for telephone events.
  package var receiveTelephoneEventPayloadType: UInt8?
  /// Length of a packet we send, in ms; a multiple of 10.
  package var packetMilliseconds: Int
  /// Whether we may send.
  package var sends: Bool
  /// Whether the peer may send.
  package var receives: Bool
  /// Where the peer's signalling comes from: RTP from this host may be latched onto at once where the description names another one.
  package var signallingSource: String?
  /// The peer asks for VoIP metrics in our reports (RFC 3611); the default is false.
  package var reportsVoiceMetrics = false
  /// Keys of the telephone go to the peer by signalling (INFO), so that their tones are to be left out of the audio; the default is false.
  package var signalsDigits = false
  /// Keys of SRTP; nil: packets are plain.
  package var security: NegotiatedKeys?

  package init(
    remote: MediaEndpoint, remoteControl: MediaEndpoint? = nil, multiplexesControl: Bool = false, codec: AudioCodec = .pcmu,
    payloadType: UInt8 = 0, telephoneEventPayloadType: UInt8? = nil, packetMilliseconds: Int = 20, sends: Bool = true,
    receives: Bool = true,
    signallingSource: String? = nil
  ) {
    self.remote = remote
    self.remoteControl = remoteControl ?? MediaEndpoint(host: remote.host, port: multiplexesControl ? remote.port : remote.port &+ 1)
    self.multiplexesControl = multiplexesControl
    self.codec = codec
    self.payloadType = payloadType
    self.telephoneEventPayloadType = telephoneEventPayloadType
    receivePayloadType = payloadType
    receiveTelephoneEventPayloadType = telephoneEventPayloadType
    self.packetMilliseconds = packetMilliseconds
    self.sends = sends
    self.receives = receives
    self.signallingSource = signallingSource
  }
}
