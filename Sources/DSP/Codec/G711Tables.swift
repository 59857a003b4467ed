/// The tables of one law.
struct G711Tables: @unchecked Sendable {
  let linear: UnsafePointer<Int16>
  let octets: UnsafePointer<UInt8>
  /// Low bits of a 16-bit sample that the law does not look at.
  let shift: Int

  static let mu = G711Tables(shift: 2, expand: expandMu, compress: compressMu)
  static let a = G711Tables(shift: 4, expand: expandA, compress: compressA)

  private init(shift: Int, expand: (UInt8) -> Int16, compress: (Int) -> UInt8) {
    let linear = UnsafeMutablePointer<Int16>.allocate(capacity: 256)
    for octet in 0..<256 { linear[octet] = expand(UInt8(octet)) }
    let entries = 65_536 >> shift
    let octets = UnsafeMutablePointer<UInt8>.allocate(capacity: entries)
    for entry in 0..<entries { octets[entry] = compress(entry - entries / 2) }
    self.linear = UnsafePointer(linear)
    self.octets = UnsafePointer(octets)
    self.shift = shift
  }

  /// G.711 table 2: segments of 16 steps over a bias of 33, 14 bits; all bits inverted on the wire.
  static func expandMu(_ octet: UInt8) -> Int16 {
    let code = Int(~octet)
    let magnitude = ((((code & 0x0F) << 1) + 33) << ((code >> 4) & 7)) - 33
    return Int16((code & 0x80 != 0 ? -magnitude : magnitude) << 2)
  }

  /// `value`: 14 bits.
  ///
  /// A negative one is taken by its ones' complement, so that both signs divide alike.
  static func compressMu(_ value: Int) -> UInt8 {
    let magnitude = min(value < 0 ? ~value : value, 8_158) + 33
    let segment = (Int.bitWidth - magnitude.leadingZeroBitCount) - 6
    let step = (magnitude >> (segment + 1)) & 0x0F
    return ~UInt8((value < 0 ? 0x80 : 0) | segment << 4 | step)
  }

  /// G.711 table 1: segments of 16 steps, 13 bits; even bits inverted on the wire.
  static func expandA(_ octet: UInt8) -> Int16 {
    let code = Int(octet ^ 0x55)
    let segment = (code >> 4) & 7
    let step = (code & 0x0F) << 1
    let magnitude = segment == 0 ? step + 1 : (step + 33) << (segment - 1)
    return Int16((code & 0x80 != 0 ? magnitude : -magnitude) << 3)
  }

  /// `value`: 12 bits with sign; a step of the lowest segments.
  static func compressA(_ value: Int) -> UInt8 {
    let magnitude = value < 0 ? ~value : value
    let sign = value < 0 ? 0 : 0x80
    guard magnitude >= 32 else { return UInt8(sign | magnitude) ^ 0x55 }
    let segment = (Int.bitWidth - magnitude.leadingZeroBitCount) - 4
    let step = (magnitude >> (segment - 1)) & 0x0F
    return UInt8(sign | segment << 4 | step) ^ 0x55
  }
}
