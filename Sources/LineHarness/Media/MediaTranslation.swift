import CallControl
import DSP
import MediaPath
import SDP

// Call control's words and the media plane's, one to one.

extension MediaEvent {
  /// nil: call control does not ask for it.
  init?(_ event: PathEvent) {
    let id = CallID(rawValue: event.call.rawValue)
    switch event.kind {
    case .dialled: self = .dialled(id)
    case .tone(let tone): self = .tone(id, tone.kind, cycles: Int(tone.cycles))
    case .toneEnded(let kind): self = .toneEnded(id, kind)
    case .speech: self = .speech(id)
    case .digit(let ascii, let side, .ended, let milliseconds):
      self = .digit(id, Character(UnicodeScalar(ascii)), from: side == .line ? .line : .packet, milliseconds: milliseconds)
    case .packetsMissing(let milliseconds): self = .packetsMissing(id, milliseconds: milliseconds)
    case .packetsResumed: self = .packetsResumed(id)
    case .digit, .remoteBye, .disconnected, .closed: return nil
    }
  }
}

extension MediaBridge {
  init(_ mode: BridgeMode) {
    switch mode {
    case .closed: self = .closed
    case .listen: self = .listen
    case .both: self = .both
    case .held: self = .held
    }
  }
}

extension PathDescription {
  /// nil: the peer's address is no numeric one.
  init?(_ description: MediaDescription) {
    guard let remote = MediaAddress(host: description.remote.host, port: description.remote.port) else { return nil }
    self.init(
      remote: remote, remoteControl: MediaAddress(host: description.remoteControl.host, port: description.remoteControl.port))
    multiplexesControl = description.multiplexesControl
    if let source = description.signallingSource { signallingSource = MediaAddress(host: source, port: 0) ?? .none }
    codec = description.codec == .pcmu ? .pcmu : .pcma
    payloadType = description.payloadType
    telephoneEventPayloadType = description.telephoneEventPayloadType
    packetMilliseconds = description.packetMilliseconds
    direction = MediaPath.MediaDirection(sends: description.sends, receives: description.receives)
  }
}

extension MediaStatistics {
  init(_ statistics: PathStatistics, codec: AudioCodec?) {
    self.init(
      codec: codec, packetsSent: Int(statistics.packetsSent), packetsReceived: Int(statistics.packetsReceived),
      packetsLost: Int(statistics.packetsLost), packetsLate: Int(statistics.packetsLate),
      packetsFromStrangers: Int(statistics.packetsFromStrangers), jitterMilliseconds: Double(statistics.jitterMilliseconds),
      delayMilliseconds: Double(statistics.bufferDelayMilliseconds + statistics.lineDelayMilliseconds),
      concealedMilliseconds: Int(statistics.concealedMilliseconds), levelInDBm0: Double(statistics.levelInDBm0),
      levelOutDBm0: Double(statistics.levelOutDBm0))
  }
}
