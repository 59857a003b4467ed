import DSP
import RTP
import RealTime

/// What this side says: the speech from the answer on, silence otherwise, keys in between; as RTP packets.
struct PhoneSender: ~Copyable {
  private static let packetCapacity = RTPHeader.size + 480
  /// From the answer to the first key.
  private static let keyDelayFrames = 50

  private let speech: [Int16]
  private let keys: [UInt8]
  private let source: UInt32
  private var sequence: UInt16
  private(set) var timestamp: UInt32
  private(set) var packets: UInt32 = 0
  private(set) var octets: UInt32 = 0
  private(set) var meter = LevelMeter()
  private let muLaw = G711(.mu)
  private let aLaw = G711(.a)
  private let assembly: UnsafeMutableRawBufferPointer
  private let packet: UnsafeMutableRawBufferPointer
  private var packetSize = 0
  private var framesAssembled = 0
  private var assemblyTimestamp: UInt32 = 0
  private var needsMarker = true
  private var events = TelephoneEventSender()
  private var eventClockRate = 8_000
  private var position = 0
  private var talkingFrames = 0

  init(speech: [Int16], keys: String, source: UInt32, seed: UInt64) {
    self.speech = speech
    self.keys = keys.compactMap { TelephoneEventCode.code(of: $0) }
    self.source = source
    sequence = UInt16(truncatingIfNeeded: seed) & 0x7fff
    timestamp = UInt32(truncatingIfNeeded: seed &* 0x9e37_79b9)
    assembly = .allocate(byteCount: 480, alignment: 16)
    packet = .allocate(byteCount: Self.packetCapacity, alignment: 16)
  }

  deinit {
    assembly.deallocate()
    packet.deallocate()
  }

  var hasSpoken: Bool { talkingFrames > 0 && position >= speech.count }

  mutating func apply(_ terms: AudioTerms) {
    framesAssembled = 0
    guard terms.eventClockRate != eventClockRate else { return }
    eventClockRate = terms.eventClockRate
    events = TelephoneEventSender(clockRate: eventClockRate)
  }

  /// 10 ms pass.
  mutating func tick(_ terms: AudioTerms, codec: UnsafeMutablePointer<StreamCodec>? = nil) {
    let frame = nextFrame(isTalking: terms.isTalking)
    meter.process(frame)
    let now = timestamp
    timestamp &+= UInt32(80 * (terms.stream?.unitsPerSample ?? 1))
    if terms.isTalking {
      talkingFrames &+= 1
      if talkingFrames == Self.keyDelayFrames, terms.eventPayloadType != nil {
        for key in keys { _ = events.press(event: key, milliseconds: 100) }
      }
    }
    let event = events.tick(timestamp: now)
    guard terms.sends else {
      framesAssembled = 0
      needsMarker = true
      return
    }
    if let event, let type = terms.eventPayloadType { write(event, type) }
    if events.isActive {
      framesAssembled = 0
      needsMarker = true
      return
    }
    if framesAssembled == 0 { assemblyTimestamp = now }
    if let codec {
      codec.pointee.collect(frame, at: framesAssembled)
    } else {
      let coder = terms.isALaw ? aLaw : muLaw
      let part = UnsafeMutableRawBufferPointer(rebasing: assembly[framesAssembled * 80..<(framesAssembled + 1) * 80])
      frame.withSamples { _ = coder.encode($0, into: part) }
    }
    framesAssembled &+= 1
    if framesAssembled >= terms.framesPerPacket { flush(terms, codec) }
  }

  private mutating func nextFrame(isTalking: Bool) -> AudioFrame {
    guard isTalking, position < speech.count else { return AudioFrame() }
    let end = min(position + 80, speech.count)
    defer { position = end }
    return AudioFrame(speech[position..<end])
  }

  private mutating func flush(_ terms: AudioTerms, _ codec: UnsafeMutablePointer<StreamCodec>?) {
    let frames = framesAssembled
    framesAssembled = 0
    let count = codec.map { $0.pointee.encode(frames: frames, into: assembly) } ?? frames * 80
    guard count > 0 else {
      needsMarker = true
      return
    }
    guard begin(terms.payloadType, marker: needsMarker, timestamp: assemblyTimestamp) else { return }
    needsMarker = false
    UnsafeMutableRawBufferPointer(rebasing: packet[RTPHeader.size...]).copyMemory(
      from: UnsafeRawBufferPointer(rebasing: assembly[..<count]))
    finish(payload: count)
  }

  private mutating func write(_ event: TelephoneEventPacket, _ type: UInt8) {
    guard begin(type, marker: event.marker, timestamp: event.timestamp),
      event.payload.write(into: UnsafeMutableRawBufferPointer(rebasing: packet[RTPHeader.size...]))
    else { return }
    finish(payload: TelephoneEventPayload.size)
  }

  private func begin(_ type: UInt8, marker: Bool, timestamp: UInt32) -> Bool {
    RTPHeader(payloadType: type, marker: marker, sequence: sequence, timestamp: timestamp, source: source).write(into: packet)
  }

  private mutating func finish(payload: Int) {
    packetSize = RTPHeader.size + payload
    sequence &+= 1
    packets &+= 1
    octets &+= UInt32(truncatingIfNeeded: payload)
  }

  /// The packet of the last tick, once.
  mutating func takePacket() -> UnsafeRawBufferPointer? {
    guard packetSize > 0 else { return nil }
    defer { packetSize = 0 }
    return UnsafeRawBufferPointer(rebasing: packet[..<packetSize])
  }
}
