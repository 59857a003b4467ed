import SDP

/// One call's offers and answers (RFC 3264), in the words of the media plane.
struct MediaSession: Sendable {
  private var negotiator: MediaNegotiator
  private var policy: AudioPolicy

  /// What is agreed on now; nil: nothing yet.
  private(set) var description: MediaDescription?

  /// `sessionID` is unique among our sessions; `host` is what our descriptions name.
  init(configuration: CallControlConfiguration.Media, host: String, sessionID: UInt64) {
    negotiator = MediaNegotiator(sessionID: sessionID)
    policy = AudioPolicy(address: host, rtpPort: 9, codecs: configuration.codecs, acceptsRTCPMux: true)
  }

  mutating func open(rtpPort: UInt16, rtcpPort: UInt16) {
    policy.rtpPort = rtpPort
    policy.rtcpPort = rtcpPort
  }

  /// Our last description; nil: there was none yet.
  var localDescription: [UInt8]? { negotiator.localDescription?.serialize() }

  var hasTelephoneEvents: Bool { description?.telephoneEventPayloadType != nil }

  /// What may pass, as both sides have said.
  var bridgeMode: BridgeMode {
    // An INVITE without offer: until the ACK brings an answer there is nobody to send to.
    guard let description else { return .closed }
    switch (description.sends, description.receives) {
    case (true, true): return .both
    case (true, false): return .listen
    // The peer does not want to hear us: that is a hold, even where it has something to play (RFC 3264, 8.4).
    case (false, _): return .held
    }
  }

  /// Why an offer cannot be taken; nil: it can; nothing is kept.
  func problem(withOffer offer: [UInt8]) -> String? {
    var copy = self
    do throws(EndReason) {
      _ = try copy.negotiate(offer)
      return nil
    } catch {
      return error.evidence
    }
  }

  /// Our answer, and what is agreed on with it; nil: the offer cannot be taken, and all stays as it was.
  mutating func answer(offer: [UInt8], signallingSource: String?) -> (sdp: [UInt8], description: MediaDescription)? {
    guard let answer = try? negotiate(offer) else { return nil }
    let agreed = MediaDescription(answer.audio, signallingSource: signallingSource)
    description = agreed
    return (answer.description.serialize(), agreed)
  }

  mutating func makeOffer() -> [UInt8] { negotiator.offer(policy: policy).serialize() }

  /// What is agreed on with the peer's answer to our last offer; nil: it cannot be taken, and the offer still stands for other answers.
  mutating func accept(answer: [UInt8], signallingSource: String?) -> MediaDescription? {
    var copy = negotiator
    guard let parsed = try? SessionDescription(parsing: answer), let audio = try? copy.accept(answer: parsed) else { return nil }
    negotiator = copy
    let agreed = MediaDescription(audio, signallingSource: signallingSource)
    description = agreed
    return agreed
  }

  /// The peer refused our last offer.
  mutating func offerFailed() { negotiator.offerFailed() }

  private mutating func negotiate(_ offer: [UInt8]) throws(EndReason) -> MediaNegotiator.Answer {
    let parsed: SessionDescription
    do throws(SDPParseError) {
      parsed = try SessionDescription(parsing: offer)
    } catch {
      throw EndReason(.mediaNotAcceptable, by: .gateway, because: "the offer cannot be read: \(error)")
    }
    do throws(NegotiationRejection) {
      return try negotiator.answer(offer: parsed, policy: policy)
    } catch {
      throw EndReason(.mediaNotAcceptable, by: .gateway, because: "the offer cannot be taken: \(error.text)")
    }
  }
}

extension MediaDescription {
  init(_ audio: NegotiatedAudio, signallingSource: String?) {
    self.init(
      remote: MediaEndpoint(host: audio.remoteAddress, port: audio.remotePort),
      remoteControl: MediaEndpoint(host: audio.remoteRTCPAddress, port: audio.remoteRTCPPort), multiplexesControl: audio.rtcpMux,
      codec: audio.codec, payloadType: audio.payloadType, telephoneEventPayloadType: audio.telephoneEventPayloadType,
      packetMilliseconds: audio.packetTime, sends: audio.direction.sends, receives: audio.direction.receives,
      signallingSource: signallingSource)
    receivePayloadType = audio.receivePayloadType
    receiveTelephoneEventPayloadType = audio.receiveTelephoneEventPayloadType
  }
}
