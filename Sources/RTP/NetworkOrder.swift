/// Big-endian fields of a packet.
///
/// The caller has checked that the field lies within the bytes.
enum NetworkOrder {
  @_noLocks
  static func load16(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> UInt16 {
    UInt16(bytes[offset]) << 8 | UInt16(bytes[offset &+ 1])
  }

  @_noLocks
  static func load24(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> UInt32 {
    UInt32(bytes[offset]) << 16 | UInt32(load16(bytes, at: offset &+ 1))
  }

  @_noLocks
  static func load32(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> UInt32 {
    UInt32(load16(bytes, at: offset)) << 16 | UInt32(load16(bytes, at: offset &+ 2))
  }

  @_noLocks
  static func store(_ value: UInt16, in bytes: UnsafeMutableRawBufferPointer, at offset: Int) {
    bytes[offset] = UInt8(truncatingIfNeeded: value >> 8)
    bytes[offset &+ 1] = UInt8(truncatingIfNeeded: value)
  }

  @_noLocks
  static func store(_ value: UInt32, in bytes: UnsafeMutableRawBufferPointer, at offset: Int) {
    store(UInt16(truncatingIfNeeded: value >> 16), in: bytes, at: offset)
    store(UInt16(truncatingIfNeeded: value), in: bytes, at: offset &+ 2)
  }
}
