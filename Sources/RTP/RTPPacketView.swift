/// Why bytes are no RTP packet.
package enum RTPParseError: Error, Equatable, BitwiseCopyable, Sendable, CustomStringConvertible {
  /// Fewer octets than the fixed header, contributing sources or extension need.
  case truncated(octets: Int, needed: Int)
  /// The version is not 2.
  case version(UInt8)
  /// The last octet names more padding than there is, or none.
  case padding(UInt8)
  /// Payload types 64–95 with the marker are RTCP (RFC 5761, 4).
  case controlPacket

  package var description: String {
    switch self {
    case .truncated(let octets, let needed): "RTP packet of \(octets) octets, needs \(needed)"
    case .version(let version): "RTP version \(version), expected 2"
    case .padding(let count): "RTP padding of \(count) octets does not fit the packet"
    case .controlPacket: "RTCP packet where RTP was expected"
    }
  }
}

/// An RTP packet over bytes it does not own: valid as long as the bytes are.
///
/// ```
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// |V=2|P|X|  CC   |M|     PT      |       sequence number         |
/// |                           timestamp                           |
/// |                             SSRC                              |   RFC 3550, 5.1
/// |                CSRC × CC, then the extension if X             |
/// |                  payload, then padding if P                   |
/// ```
package struct RTPPacketView: BitwiseCopyable {
  package let header: RTPHeader
  /// Without padding; may be empty.
  package let payload: UnsafeRawBufferPointer
  /// Octets before the payload.
  package let headerSize: Int
  /// 0–15.
  package let contributingSourceCount: Int
  package let hasExtension: Bool

  /// Reads the packet; any bytes give a packet or an error.
  @_noLocks
  package init(_ bytes: UnsafeRawBufferPointer) throws(RTPParseError) {
    guard bytes.count >= 12 else { throw RTPParseError.truncated(octets: bytes.count, needed: 12) }
    let first = bytes[0]
    guard first >> 6 == 2 else { throw RTPParseError.version(first >> 6) }
    let second = bytes[1]
    guard second < 192 || second > 223 else { throw RTPParseError.controlPacket }
    contributingSourceCount = Int(first & 0x0F)
    hasExtension = first & 0x10 != 0
    var offset = 12 &+ 4 &* contributingSourceCount
    if hasExtension {
      guard bytes.count >= offset &+ 4 else { throw RTPParseError.truncated(octets: bytes.count, needed: offset &+ 4) }
      offset = offset &+ 4 &+ 4 &* Int(NetworkOrder.load16(bytes, at: offset &+ 2))
    }
    guard bytes.count >= offset else { throw RTPParseError.truncated(octets: bytes.count, needed: offset) }
    var end = bytes.count
    if first & 0x20 != 0 {
      let padding = bytes[bytes.count &- 1]
      guard padding > 0, Int(padding) <= end &- offset else { throw RTPParseError.padding(padding) }
      end = end &- Int(padding)
    }
    header = RTPHeader(
      payloadType: second & 0x7F, marker: second & 0x80 != 0, sequence: NetworkOrder.load16(bytes, at: 2),
      timestamp: NetworkOrder.load32(bytes, at: 4), source: NetworkOrder.load32(bytes, at: 8))
    headerSize = offset
    payload = UnsafeRawBufferPointer(start: bytes.baseAddress.map { $0 + offset }, count: end &- offset)
  }
}
