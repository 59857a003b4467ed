import Crypto

/// A nonce of ours: serial number, time of issue and a code over both, and over whom it was given to, that only the holder of the key
/// can make: nothing is kept of a nonce until it is used.
///
/// Wire form: 64 hexadecimal digits: serial (8 bytes), milliseconds since the origin of `now` (8 bytes), first 16 bytes of HMAC-SHA-256.
struct DigestNonce: Hashable, Sendable {
  var serial: UInt64
  var issued: Duration

  func text(key: SymmetricKey, source: String) -> String {
    let bytes = DigestNonce.bytes(serial, milliseconds: milliseconds)
    return Hexadecimal.encode(bytes + DigestNonce.code(bytes, source, key))
  }

  init(serial: UInt64, issued: Duration) {
    self.serial = serial
    self.issued = issued
  }

  /// Nil when the text is no nonce of this key for that source.
  init?(_ text: String, key: SymmetricKey, source: String) {
    guard text.utf8.count == 64, let bytes = Hexadecimal.decode(text), bytes.count == 32 else { return nil }
    guard ConstantTime.equal(DigestNonce.code(Array(bytes[..<16]), source, key), Array(bytes[16...])) else { return nil }
    serial = bytes[..<8].reduce(0) { $0 &<< 8 | UInt64($1) }
    let milliseconds = bytes[8..<16].reduce(UInt64(0)) { $0 &<< 8 | UInt64($1) }
    issued = .milliseconds(Int64(truncatingIfNeeded: milliseconds & 0x7fff_ffff_ffff_ffff))
  }

  private var milliseconds: UInt64 {
    let (seconds, attoseconds) = issued.components
    let thousandths = attoseconds / 1_000_000_000_000_000
    return UInt64(max(0, seconds.multipliedReportingOverflow(by: 1000).partialValue &+ thousandths))
  }

  private static func bytes(_ serial: UInt64, milliseconds: UInt64) -> [UInt8] {
    [serial, milliseconds].flatMap { value in (0..<8).map { UInt8(truncatingIfNeeded: value &>> UInt64(56 - 8 * $0)) } }
  }

  private static func code(_ bytes: [UInt8], _ source: String, _ key: SymmetricKey) -> [UInt8] {
    Array(Array(HMAC<SHA256>.authenticationCode(for: bytes + Array(source.utf8), using: key)).prefix(16))
  }
}

/// Comparison whose time does not tell where two values differ.
enum ConstantTime {
  static func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for index in left.indices { difference |= left[index] ^ right[index] }
    return difference == 0
  }
}
