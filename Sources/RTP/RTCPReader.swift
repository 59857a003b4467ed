/// Why bytes are no RTCP compound packet.
package enum RTCPParseError: Error, Equatable, BitwiseCopyable, Sendable, CustomStringConvertible {
  case truncated(octets: Int, needed: Int)
  case version(UInt8)
  /// Padding that does not fit, or in a packet that is not the last.
  case padding(UInt8)
  /// The first octets are not those of RTCP.
  case packetType(UInt8)

  package var description: String {
    switch self {
    case .truncated(let octets, let needed): "RTCP packet of \(octets) octets, needs \(needed)"
    case .version(let version): "RTCP version \(version), expected 2"
    case .padding(let count): "RTCP padding of \(count) octets does not fit the packet"
    case .packetType(let type): "RTCP packet type \(type), expected 192 to 223"
    }
  }
}

/// Report blocks within a packet's bytes.
package struct ReportBlocks: BitwiseCopyable {
  let bytes: UnsafeRawBufferPointer
  package let count: Int

  @_noLocks
  init(_ bytes: UnsafeRawBufferPointer, count: Int) {
    self.bytes = bytes
    self.count = count
  }

  /// The block at `index`; nil beyond the last.
  @_noLocks
  package func block(at index: Int) -> ReportBlock? {
    guard index >= 0, index < count, bytes.count >= 24 &* (index &+ 1) else { return nil }
    let offset = 24 &* index
    let lost = Int32(bitPattern: NetworkOrder.load24(bytes, at: offset &+ 5) << 8) >> 8
    return ReportBlock(
      source: NetworkOrder.load32(bytes, at: offset), fractionLost: bytes[offset &+ 4], cumulativeLost: lost,
      extendedHighestSequence: NetworkOrder.load32(bytes, at: offset &+ 8), jitter: NetworkOrder.load32(bytes, at: offset &+ 12),
      lastSenderReport: NetworkOrder.load32(bytes, at: offset &+ 16),
      delaySinceLastSenderReport: NetworkOrder.load32(bytes, at: offset &+ 20))
  }

  /// The block about `source`; nil when there is none.
  @_noLocks
  package func block(about source: UInt32) -> ReportBlock? {
    for index in 0..<count {
      if let block = block(at: index), block.source == source { return block }
    }
    return nil
  }
}

/// One packet of an RTCP compound, over bytes it does not own.
package enum RTCPPacket: BitwiseCopyable {
  case senderReport(source: UInt32, SenderInformation, ReportBlocks)
  case receiverReport(source: UInt32, ReportBlocks)
  /// The first chunk's source and canonical name (empty when it has none).
  case sourceDescription(source: UInt32, canonicalName: UnsafeRawBufferPointer)
  /// The first source that leaves; nil when the packet names none.
  case bye(source: UInt32?)
  /// An extended report (RFC 3611).
  case extendedReport(source: UInt32, ExtendedReportBlocks)
  /// Another type, whole: application defined, feedback.
  case other(type: UInt8, UnsafeRawBufferPointer)
}

/// Walks through an RTCP compound packet (RFC 3550, 6.1 and A.2; reduced-size packets of RFC 5506 pass too).
package struct RTCPReader: BitwiseCopyable {
  private let bytes: UnsafeRawBufferPointer
  private var offset = 0

  @_noLocks
  package init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
  }

  /// The next packet; nil at the end.
  ///
  /// After an error the reader is at its end.
  @_noLocks
  package mutating func next() throws(RTCPParseError) -> RTCPPacket? {
    let rest = bytes.count &- offset
    guard rest > 0 else { return nil }
    let start = offset
    offset = bytes.count
    guard rest >= 4 else { throw RTCPParseError.truncated(octets: rest, needed: 4) }
    let first = bytes[start]
    guard first >> 6 == 2 else { throw RTCPParseError.version(first >> 6) }
    let type = bytes[start &+ 1]
    guard type >= 192, type <= 223 else { throw RTCPParseError.packetType(type) }
    let size = 4 &* (Int(NetworkOrder.load16(bytes, at: start &+ 2)) &+ 1)
    guard rest >= size else { throw RTCPParseError.truncated(octets: rest, needed: size) }
    var end = start &+ size
    if first & 0x20 != 0 {
      let padding = bytes[end &- 1]
      guard end == bytes.count, padding > 0, Int(padding) <= size &- 4 else { throw RTCPParseError.padding(padding) }
      end = end &- Int(padding)
    }
    let body = slice(from: start &+ 4, to: end)
    let packet = try Self.packet(type: type, count: Int(first & 0x1F), body: body)
    offset = start &+ size
    return packet
  }

  @_noLocks
  private func slice(from start: Int, to end: Int) -> UnsafeRawBufferPointer {
    Self.slice(bytes, from: start, count: end &- start)
  }

  @_noLocks
  private static func slice(_ bytes: UnsafeRawBufferPointer, from start: Int, count: Int) -> UnsafeRawBufferPointer {
    guard let base = bytes.baseAddress, start >= 0, count >= 0, start &+ count <= bytes.count else {
      return UnsafeRawBufferPointer(start: nil, count: 0)
    }
    return UnsafeRawBufferPointer(start: base + start, count: count)
  }

  @_noLocks
  private static func packet(type: UInt8, count: Int, body: UnsafeRawBufferPointer) throws(RTCPParseError) -> RTCPPacket {
    switch type {
    case 200:
      let needed = 24 &+ 24 &* count
      guard body.count >= needed else { throw RTCPParseError.truncated(octets: body.count &+ 4, needed: needed &+ 4) }
      let time = UInt64(NetworkOrder.load32(body, at: 4)) << 32 | UInt64(NetworkOrder.load32(body, at: 8))
      let information = SenderInformation(
        time: NTPTime(value: time), timestamp: NetworkOrder.load32(body, at: 12), packets: NetworkOrder.load32(body, at: 16),
        octets: NetworkOrder.load32(body, at: 20))
      let blocks = ReportBlocks(slice(body, from: 24, count: 24 &* count), count: count)
      return .senderReport(source: NetworkOrder.load32(body, at: 0), information, blocks)
    case 201:
      let needed = 4 &+ 24 &* count
      guard body.count >= needed else { throw RTCPParseError.truncated(octets: body.count &+ 4, needed: needed &+ 4) }
      let blocks = ReportBlocks(slice(body, from: 4, count: 24 &* count), count: count)
      return .receiverReport(source: NetworkOrder.load32(body, at: 0), blocks)
    case 202:
      guard count > 0 else { return .other(type: type, body) }
      guard body.count >= 4 else { throw RTCPParseError.truncated(octets: body.count &+ 4, needed: 8) }
      return .sourceDescription(source: NetworkOrder.load32(body, at: 0), canonicalName: canonicalName(body))
    case 203:
      guard count > 0 else { return .bye(source: nil) }
      guard body.count >= 4 else { throw RTCPParseError.truncated(octets: body.count &+ 4, needed: 8) }
      return .bye(source: NetworkOrder.load32(body, at: 0))
    case 207:
      guard body.count >= 4 else { throw RTCPParseError.truncated(octets: body.count &+ 4, needed: 8) }
      return .extendedReport(source: NetworkOrder.load32(body, at: 0), ExtendedReportBlocks(slice(body, from: 4, count: body.count &- 4)))
    default:
      return .other(type: type, body)
    }
  }

  /// The CNAME item (type 1) of the first chunk; empty when it has none or the items are torn.
  @_noLocks
  private static func canonicalName(_ body: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    var offset = 4
    while offset &+ 2 <= body.count {
      let type = body[offset]
      if type == 0 { break }
      let count = Int(body[offset &+ 1])
      if type == 1 { return slice(body, from: offset &+ 2, count: count) }
      offset = offset &+ 2 &+ count
    }
    return UnsafeRawBufferPointer(start: nil, count: 0)
  }
}
