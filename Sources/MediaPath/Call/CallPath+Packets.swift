import DSP
import RTP
package import RealTime

// What comes from the packet network, and what is told of it.
extension CallPath {
  /// Takes one datagram that came on the call's RTP or RTCP port at `arrival`.
  @_noLocks
  package mutating func receive(
    _ bytes: UnsafeRawBufferPointer, from source: MediaAddress, on component: MediaComponent, arrival: MediaTime
  ) {
    enterRealTimeRegion()
    defer { leaveRealTimeRegion() }
    guard !isClosed, let description else {
      counts.packetsFromStrangers &+= 1
      return
    }
    let isControl: Bool
    switch (DatagramKind(bytes), component) {
    case (.rtp, .rtp): isControl = false
    case (.rtcp, .rtcp): isControl = true
    case (.rtcp, .rtp) where description.multiplexesControl: isControl = true
    default:
      counts.packetsMalformed &+= 1
      return
    }
    guard let opened = open(bytes, description, isControl: isControl, arrival: arrival) else { return }
    if isControl {
      receiveReport(opened, from: source, arrival: arrival)
    } else {
      receiveRTP(opened, from: source, description: description, arrival: arrival)
    }
  }

  /// The packet itself where the call is plain, what it protects where it is secure; nil: not authentic, and nothing is learned from it.
  @_noLocks
  private mutating func open(
    _ bytes: UnsafeRawBufferPointer, _ description: PathDescription, isControl: Bool, arrival: MediaTime
  ) -> UnsafeRawBufferPointer? {
    guard let keys = description.security else { return bytes }
    guard let session = security[keys.suite] else {
      counts.packetsUnauthentic &+= 1
      return nil
    }
    switch session.pointee.unprotect(bytes, isControl: isControl, now: arrival) {
    case .success(let opened): return opened
    case .failure(.replayed):
      counts.packetsReplayed &+= 1
      return nil
    case .failure:
      counts.packetsUnauthentic &+= 1
      return nil
    }
  }

  @_noLocks
  private mutating func receiveRTP(
    _ bytes: UnsafeRawBufferPointer, from source: MediaAddress, description: PathDescription, arrival: MediaTime
  ) {
    guard let packet = Self.parse(bytes) else {
      counts.packetsMalformed &+= 1
      return
    }
    let type = packet.header.payloadType
    var isEvent = false
    if let eventType = description.receivedTelephoneEventPayloadType ?? description.telephoneEventPayloadType {
      isEvent = type == eventType
    }
    guard isEvent || type == description.receivedPayloadType ?? description.payloadType else {
      counts.packetsOfForeignPayload &+= 1
      // A peer that sends something we cannot play is there all the same.
      if let expected = latch.destination, source.isEqual(to: expected) { noteLife(arrival) }
      return
    }
    guard latch.judge(source, stream: packet.header.source, now: arrival) != .stranger else { return }
    noteLife(arrival)
    counts.packetsReceived &+= 1
    if packet.header.source != remoteSource { adopt(packet.header.source) }
    let verdict = reception.record(packet.header, payloadOctets: packet.payload.count, arrival: arrival, countsJitter: !isEvent)
    let sequence: Int64
    switch verdict {
    case .valid(let number), .probation(let number): sequence = number
    case .restarted(let number):
      restartStream()
      sequence = number
    case .suspect: return
    }
    let timestamp = timestamps.unwrap(packet.header.timestamp)
    guard description.direction.receives else { return }
    let kind: JitterBufferPayload
    if isEvent {
      kind = .event
      receiveEvent(packet, timestamp: timestamp, arrival: arrival)
    } else {
      switch description.codec {
      case .pcmu: kind = .g711(.mu)
      case .pcma: kind = .g711(.a)
      }
    }
    _ = jitterBuffer.insert(
      payload: packet.payload, as: kind, sequence: sequence, timestamp: timestamp, marker: packet.header.marker, arrival: arrival)
  }

  /// nil where the bytes are no packet.
  @_noLocks
  private static func parse(_ bytes: UnsafeRawBufferPointer) -> RTPPacketView? {
    // Where tests run, the testing library catches every throw and allocates to remember it; that is not ours.
    leaveRealTimeRegion()
    defer { enterRealTimeRegion() }
    do throws(RTPParseError) {
      return try RTPPacketView(bytes)
    } catch {
      return nil
    }
  }

  /// A new source, by start or restart of the peer: what was learned of the one before does not hold.
  @_noLocks
  private mutating func adopt(_ source: UInt32) {
    if remoteSource != nil {
      lostBefore &+= max(0, reception.lost)
      reception = freshReception
      restartStream()
    }
    remoteSource = source
  }

  @_noLocks
  private mutating func restartStream() {
    timestamps.reset()
    jitterBuffer.reset()
    if let change = eventReceiver.reset() { take(change) }
  }

  @_noLocks
  private mutating func receiveEvent(_ packet: RTPPacketView, timestamp: Int64, arrival: MediaTime) {
    guard let payload = TelephoneEventPayload(packet.payload) else {
      counts.packetsMalformed &+= 1
      return
    }
    let changes = eventReceiver.receive(payload, timestamp: timestamp, arrival: arrival)
    if let change = changes.first { take(change) }
    if let change = changes.second { take(change) }
    if let change = changes.third { take(change) }
  }

  /// A press at the peer: told to control, and sounded on the line while the bridge lets the peer be heard there.
  @_noLocks
  mutating func take(_ change: TelephoneEventChange) {
    switch change {
    case .pressed(let event):
      guard let digit = TelephoneEventCode.ascii(of: event) else { return }
      if bridge == .both { digits.hold(digit) }
      emit(.digit(digit, from: .packet, phase: .begun, milliseconds: 0))
    case .released(let event, let duration, _):
      guard let digit = TelephoneEventCode.ascii(of: event) else { return }
      let milliseconds = Int(duration / 8)
      digits.release(milliseconds: milliseconds)
      emit(.digit(digit, from: .packet, phase: .ended, milliseconds: milliseconds))
    }
  }

  // MARK: RTCP

  @_noLocks
  private mutating func receiveReport(_ bytes: UnsafeRawBufferPointer, from source: MediaAddress, arrival: MediaTime) {
    guard isPeerOfReports(source) else {
      counts.packetsFromStrangers &+= 1
      return
    }
    let reading = reporter.read(bytes, remoteSource: remoteSource ?? 0, now: arrival)
    guard reading.isValid else {
      counts.packetsMalformed &+= 1
      return
    }
    controlAddress = source
    noteLife(arrival)
    if reading.isBye { emit(.remoteBye) }
  }

  /// Reports are believed from the host of the description and from the host that RTP has latched onto.
  @_noLocks
  private func isPeerOfReports(_ source: MediaAddress) -> Bool {
    guard let description else { return false }
    if let latched = latch.latchedAddress { return source.isSameHost(as: latched) }
    let expected = description.multiplexesControl ? description.remote : description.remoteControl
    return source.isSameHost(as: expected)
  }

  private var reportDestination: MediaAddress? {
    @_noLocks get {
      guard let description else { return nil }
      if description.multiplexesControl { return latch.destination }
      if let latched = latch.latchedAddress {
        return controlAddress.isSameHost(as: latched) ? controlAddress : latched.withPort(latched.port &+ 1)
      }
      return description.remoteControl.isUsable ? description.remoteControl : nil
    }
  }

  @_noLocks
  mutating func report(now: MediaTime) {
    guard reporter.isDue(now: now) else { return }
    sendReport(isLeaving: false, now: now)
  }

  @_noLocks
  mutating func sendReport(isLeaving: Bool, now: MediaTime) {
    guard let destination = reportDestination, let slot = outbox.freeSlot() else { return }
    let count = reporter.write(
      into: slot, canonicalName: UnsafeRawBufferPointer(canonicalName), timestamp: sender.timestamp, packets: sender.packets,
      octets: sender.octets, reception: &reception, remoteSource: remoteSource ?? 0, isLeaving: isLeaving, now: now)
    let component: MediaComponent = description?.multiplexesControl == true ? .rtp : .rtcp
    outbox.commit(count, component: component, to: destination)
  }

  // MARK: Life

  @_noLocks
  private mutating func noteLife(_ arrival: MediaTime) {
    if arrival > lastLifeSign { lastLifeSign = arrival }
    guard missingReported > 0 else { return }
    missingReported = 0
    emit(.packetsResumed)
  }

  /// Tells control when the peer is silent, unless it was asked to be.
  @_noLocks
  mutating func watch(now: MediaTime) {
    guard let description else { return }
    guard description.direction.receives else {
      lastLifeSign = now
      return
    }
    let silent = (now - lastLifeSign).wholeMilliseconds
    guard silent >= missingReported &+ 10_000 else { return }
    missingReported = silent / 10_000 &* 10_000
    emit(.packetsMissing(milliseconds: missingReported))
  }
}
