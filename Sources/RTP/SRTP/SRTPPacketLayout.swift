/// Where an RTP packet's clear part ends: header, contributing sources, extension (RFC 3711, 3.1).
struct SRTPPacketLayout: BitwiseCopyable {
  let headerSize: Int
  let source: UInt32
  let sequence: UInt16

  /// nil: `bytes` begin with no whole RTP header.
  @_noLocks
  init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= 12, bytes[0] >> 6 == 2 else { return nil }
    var size = 12 &+ 4 &* Int(bytes[0] & 0x0F)
    if bytes[0] & 0x10 != 0 {
      guard bytes.count >= size &+ 4 else { return nil }
      size = size &+ 4 &+ 4 &* Int(NetworkOrder.load16(bytes, at: size &+ 2))
    }
    guard bytes.count >= size else { return nil }
    headerSize = size
    source = NetworkOrder.load32(bytes, at: 8)
    sequence = NetworkOrder.load16(bytes, at: 2)
  }
}

/// Octets of an RTCP packet in front of what is encrypted.
enum SRTCPLayout {
  static var headerSize: Int {
    @_noLocks get { 8 }
  }
  static var indexSize: Int {
    @_noLocks get { 4 }
  }
  /// Set in the index word of a packet that is encrypted.
  static var encryptedFlag: UInt32 {
    @_noLocks get { 0x8000_0000 }
  }
}
