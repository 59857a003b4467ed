/// The fixed part of an RTP header (RFC 3550, 5.1).
package struct RTPHeader: BitwiseCopyable, Sendable, Equatable {
  /// Octets of a header without contributing sources and extension.
  @inlinable
  package static var size: Int { @_noLocks get { 12 } }

  /// 0–127.
  package var payloadType: UInt8
  package var marker: Bool
  package var sequence: UInt16
  /// In units of the payload's clock (8,000 a second for G.711).
  package var timestamp: UInt32
  package var source: UInt32

  @_noLocks
  package init(payloadType: UInt8, marker: Bool = false, sequence: UInt16, timestamp: UInt32, source: UInt32) {
    self.payloadType = payloadType
    self.marker = marker
    self.sequence = sequence
    self.timestamp = timestamp
    self.source = source
  }

  /// Writes 12 octets; false when `bytes` is shorter.
  @_noLocks
  package func write(into bytes: UnsafeMutableRawBufferPointer) -> Bool {
    guard bytes.count >= 12 else { return false }
    bytes[0] = 0x80
    bytes[1] = (marker ? 0x80 : 0) | (payloadType & 0x7F)
    NetworkOrder.store(sequence, in: bytes, at: 2)
    NetworkOrder.store(timestamp, in: bytes, at: 4)
    NetworkOrder.store(source, in: bytes, at: 8)
    return true
  }
}
