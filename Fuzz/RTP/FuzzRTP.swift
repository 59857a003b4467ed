package import RealTime

// Any datagram as RTP: nothing traps, no byte outside it is read, and what is written is read again.

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRTP(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  let bytes = UnsafeRawBufferPointer(start: UnsafeRawPointer(data), count: size)
  _ = DatagramKind(bytes)
  _ = TelephoneEventPayload(bytes)
  guard let packet = try? RTPPacketView(bytes) else { return 0 }
  require(packet.headerSize + packet.payload.count <= size, "header and payload are longer than the packet")
  _ = packet.payload.reduce(0, &+)

  // The payload, in pieces of eight octets, as the headers and events of a stream.
  var statistics = ReceptionStatistics()
  var sequences = SequenceUnwrapper()
  var timestamps = TimestampUnwrapper()
  var receiver = TelephoneEventReceiver()
  var now = MediaTime.milliseconds(0)
  for start in stride(from: 0, to: packet.payload.count - 7, by: 8) {
    let piece = UnsafeRawBufferPointer(rebasing: packet.payload[start..<(start + 8)])
    var header = packet.header
    header.sequence = header.sequence &+ UInt16(piece[0]) &* (piece[1] & 1 == 0 ? 1 : 257)
    header.timestamp = header.timestamp &+ UInt32(piece[2]) &* (piece[1] & 2 == 0 ? 80 : 1 << 23)
    _ = statistics.record(header, payloadOctets: piece.count, arrival: now)
    _ = sequences.unwrap(header.sequence)
    let timestamp = timestamps.unwrap(header.timestamp)
    if let event = TelephoneEventPayload(UnsafeRawBufferPointer(rebasing: piece[4..<8])) {
      _ = receiver.receive(event, timestamp: timestamp, arrival: now)
    }
    now = MediaTime(nanoseconds: now.nanoseconds + Int64(piece[3]) * 1_000_000)
    _ = receiver.advance(to: now)
  }
  _ = receiver.reset()
  return 0
}
