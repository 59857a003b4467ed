package import DSP
package import RTP
package import RealTime

/// What the audio of a call is to be from now on.
package struct AudioTerms: BitwiseCopyable, Sendable {
  var law: G711Law { isALaw ? .a : .mu }
  package var isALaw: Bool
  /// In place of G.711.
  package var stream: StreamCodecKind?
  package var opus = OpusTerms()
  /// Hz of the durations of events.
  package var eventClockRate = 8_000
  /// The codec's number in packets sent and received.
  package var payloadType: UInt8
  package var receivePayloadType: UInt8
  package var eventPayloadType: UInt8?
  package var receiveEventPayloadType: UInt8?
  /// Frames of 10 ms in a packet, 1–6.
  package var framesPerPacket: Int
  package var sends: Bool
  package var receives: Bool
  /// The call is answered: the speech begins.
  package var isTalking: Bool
  /// Keys of SRTP; nil: packets are plain.
  package var security: SRTPKeys?
  /// The gateway asks for VoIP metrics in our reports; the default is false.
  package var reportsVoiceMetrics = false

  package init(
    isALaw: Bool = false, stream: StreamCodecKind? = nil, payloadType: UInt8 = 0, receivePayloadType: UInt8 = 0,
    eventPayloadType: UInt8? = 101,
    receiveEventPayloadType: UInt8? = 101, framesPerPacket: Int = 2, sends: Bool = true, receives: Bool = true, isTalking: Bool = true,
    security: SRTPKeys? = nil
  ) {
    self.isALaw = isALaw
    self.stream = stream
    self.payloadType = payloadType
    self.receivePayloadType = receivePayloadType
    self.eventPayloadType = eventPayloadType
    self.receiveEventPayloadType = receiveEventPayloadType
    self.framesPerPacket = min(6, max(1, framesPerPacket))
    self.sends = sends
    self.receives = receives
    self.isTalking = isTalking
    self.security = security
  }
}

/// The audio of one call: a tick every 10 ms, packets in and out; nothing here reads a clock or a socket.
///
/// ```
///  receive ─▶ RTP ─▶ statistics ─▶ JitterBuffer ─▶ tick: heard (80 samples) ─▶ meter
///             RTCP ─▶ reports                      tick: speech or silence ─▶ meter ─▶ G.711 ─▶ packet ─▶ nextPacket
///             events ─▶ nextDigit                  keys ─▶ events in place of audio
/// ```
package struct PhoneAudio: ~Copyable {
  /// The last 10 ms heard.
  package private(set) var heard = AudioFrame()
  package private(set) var terms: AudioTerms?

  private var sender: PhoneSender
  private var reporter: PhoneReporter
  private var jitterBuffer = JitterBuffer()
  private var reception = ReceptionStatistics()
  private var fates = PacketFates()
  private var timestamps = TimestampUnwrapper()
  private var events = TelephoneEventReceiver()
  private var source: UInt32?
  private var lostBefore: Int64 = 0
  private var heardMeter = LevelMeter()
  private var counts = PhoneStatistics()
  private var pressed: InlineArray<16, UInt8> = InlineArray(repeating: 0)
  private var pressedCount = 0
  private var pressedTaken = 0
  private var security = PhoneSecurity()
  private var codec = PhoneCodec()

  /// - Parameters:
  ///   - wallClockOffset: nanoseconds since 1970 less the media clock.
  ///   - seed: decides source, sequence and time stamp.
  package init(speech: [Int16], keys: String, wallClockOffset: Int64, seed: UInt64) {
    let source = UInt32(truncatingIfNeeded: seed)
    sender = PhoneSender(speech: speech, keys: keys, source: source, seed: seed >> 32)
    reporter = PhoneReporter(source: source, wallClockOffset: wallClockOffset)
  }

  /// Starts or changes the audio.
  package mutating func apply(_ terms: AudioTerms, now: MediaTime) {
    if codec.apply(terms) {
      lostBefore &+= max(0, reception.lost)
      reception = ReceptionStatistics(clockRate: 8_000 * (terms.stream?.unitsPerSample ?? 1))
      restart()
    }
    sender.apply(terms)
    if self.terms == nil { reporter.start(now: now) }
    self.terms = terms
    security.apply(terms.security, now: now)
    counts.security = (terms.security?.suite).map(PhoneStatistics.Security.init)
    switch terms.stream {
    case .g722: counts.codec = .g722
    case .opus: counts.codec = .opus
    case nil: counts.codec = terms.isALaw ? .pcma : .pcmu
    }
    counts.packetMilliseconds = terms.framesPerPacket * 10
  }

  /// Takes one datagram from the gateway.
  package mutating func receive(_ bytes: UnsafeRawBufferPointer, arrival: MediaTime) {
    guard let terms else { return }
    switch DatagramKind(bytes) {
    case .rtp:
      guard let opened = security.open(bytes, isControl: false, now: arrival) else { return ignore() }
      receiveAudio(opened, terms, arrival)
    case .rtcp:
      guard let opened = security.open(bytes, isControl: true, now: arrival) else { return ignore() }
      reporter.read(opened, now: arrival)
      if let loss = reporter.remoteLossFraction { codec.stream?.pointee.remoteLost(loss) }
    case .stun, .dtls, .unknown: ignore()
    }
  }

  /// A datagram that is not the gateway's, or of no use.
  package mutating func ignore() { counts.packetsIgnored &+= 1 }

  private mutating func receiveAudio(_ bytes: UnsafeRawBufferPointer, _ terms: AudioTerms, _ arrival: MediaTime) {
    guard let packet = try? RTPPacketView(bytes) else { return ignore() }
    let type = packet.header.payloadType
    let isEvent = terms.receiveEventPayloadType == type
    guard isEvent || type == terms.receivePayloadType else { return ignore() }
    if packet.header.source != source { adopt(packet.header.source) }
    counts.packetsReceived &+= 1
    let sequence: Int64
    switch reception.record(packet.header, payloadOctets: packet.payload.count, arrival: arrival, countsJitter: !isEvent) {
    case .valid(let number), .probation(let number): sequence = number
    case .restarted(let number):
      restart()
      sequence = number
    case .suspect: return
    }
    let timestamp = timestamps.unwrap(packet.header.timestamp)
    guard terms.receives else { return }
    if isEvent, let payload = TelephoneEventPayload(packet.payload) {
      let changes = events.receive(payload, timestamp: timestamp, arrival: arrival)
      for change in [changes.first, changes.second, changes.third] { if let change { take(change) } }
    }
    let position = timestamp / Int64(terms.stream?.unitsPerSample ?? 1)
    let insertion: JitterBufferInsertion
    if !isEvent, let stream = codec.stream {
      insertion = stream.pointee.insert(
        packet.payload, sequence: sequence, timestamp: position, marker: packet.header.marker, arrival: arrival, buffer: &jitterBuffer)
    } else {
      insertion = jitterBuffer.insert(
        payload: packet.payload, as: isEvent ? .event : .g711(terms.law), sequence: sequence, timestamp: position,
        marker: packet.header.marker, arrival: arrival)
    }
    fates.note(sequence: sequence, isDiscarded: insertion == .late)
  }

  private mutating func adopt(_ newSource: UInt32) {
    if source != nil {
      lostBefore &+= max(0, reception.lost)
      reception = ReceptionStatistics(clockRate: reception.clockRate)
      restart()
    }
    source = newSource
  }

  private mutating func restart() {
    timestamps.reset()
    jitterBuffer.reset()
    fates.restart()
    codec.stream?.pointee.restart()
    _ = events.reset()
  }

  private mutating func take(_ change: TelephoneEventChange) {
    guard case .pressed(let event) = change, let digit = TelephoneEventCode.ascii(of: event), pressedCount &- pressedTaken < 16 else {
      return
    }
    pressed[pressedCount & 15] = digit
    pressedCount &+= 1
  }

  /// A key pressed at the far end, in ASCII; nil: no more.
  package mutating func nextDigit() -> UInt8? {
    guard pressedTaken < pressedCount else { return nil }
    defer { pressedTaken &+= 1 }
    return pressed[pressedTaken & 15]
  }

  /// 10 ms pass: `heard` is new, and packets may wait in `nextPacket`.
  package mutating func tick(now: MediaTime) {
    _ = events.advance(to: now)
    guard let terms else { return }
    codec.stream?.pointee.fill(&jitterBuffer)
    jitterBuffer.pull(into: &heard, now: now)
    heardMeter.process(heard)
    sender.tick(terms, codec: codec.stream)
    if reporter.isDue(now: now) { report(isLeaving: false, now: now) }
  }

  /// The call is over: the last report says so.
  package mutating func leave(now: MediaTime) {
    if terms != nil { report(isLeaving: true, now: now) }
  }

  private mutating func report(isLeaving: Bool, now: MediaTime) {
    reporter.write(
      timestamp: sender.timestamp, packets: sender.packets, octets: sender.octets, reception: &reception, remote: source ?? 0,
      metrics: terms?.reportsVoiceMetrics == true ? quality?.metrics : nil, isLeaving: isLeaving, now: now)
  }

  /// nil: nothing has come yet.
  private var quality: PhoneQuality? {
    guard let source, counts.packetsReceived > 0 else { return nil }
    return PhoneQuality(
      source: source, loss: fates.figures, packetMilliseconds: counts.packetMilliseconds, buffer: jitterBuffer.statistics,
      heard: heardMeter.reading, roundTripMilliseconds: reporter.roundTrip.map { Double($0.nanoseconds) / 1e6 },
      gatewayDelayMilliseconds: reporter.remoteMetrics.flatMap { $0.endSystemDelayMilliseconds > 0 ? $0.endSystemDelayMilliseconds : nil })
  }

  /// A packet to send; valid until the next call of any function here.
  package mutating func nextPacket() -> (bytes: UnsafeRawBufferPointer, isReport: Bool)? {
    while let bytes = sender.takePacket() {
      if let sealed = security.seal(bytes, isControl: false) { return (sealed, false) }
    }
    while let bytes = reporter.takePacket() {
      if let sealed = security.seal(bytes, isControl: true) { return (sealed, true) }
    }
    return nil
  }

  package var statistics: PhoneStatistics {
    var result = counts
    let buffer = jitterBuffer.statistics
    result.levelSent = sender.meter.reading.level
    result.levelHeard = heardMeter.reading.level
    result.packetsSent = Int(sender.packets)
    result.packetsLost = Int(max(0, reception.lost) &+ lostBefore)
    result.packetsLate = Int(buffer.late)
    result.jitterMilliseconds = Double(reception.jitterMicroseconds) / 1000
    result.concealedMilliseconds = Int(buffer.concealedMilliseconds)
    result.bufferMilliseconds = Double(buffer.delayMicroseconds) / 1000
    result.roundTripMilliseconds = reporter.roundTrip.map { Double($0.nanoseconds) / 1e6 }
    result.lossAtGateway = reporter.remoteLossFraction
    result.mosHere = quality?.mosConversational
    result.mosAtGateway = reporter.remoteMetrics?.mosConversational
    result.hasSpoken = sender.hasSpoken
    return result
  }
}
