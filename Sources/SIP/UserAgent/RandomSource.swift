import Crypto

/// Unpredictable numbers that replay from a seed: SHA-256 over a key and a counter.
///
/// What a peer sees (tags, branches, nonces) says nothing about what comes next unless the seed is known.
struct RandomSource: Sendable {
  private var block: [UInt8]
  private var counter: UInt64 = 0
  private var pending: [UInt64] = []

  init(seed: UInt64) {
    block = []
    block.reserveCapacity(40)
    append(seed)
    block = Array(SHA256.hash(data: block))
    append(0)
  }

  mutating func next() -> UInt64 {
    if let number = pending.popLast() { return number }
    counter &+= 1
    for index in 0..<8 { block[32 + index] = UInt8(truncatingIfNeeded: counter >> UInt64(8 * index)) }
    SHA256.hash(data: block).withUnsafeBytes { digest in
      for offset in stride(from: 0, to: 32, by: 8) { pending.append(digest.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) }
    }
    return pending.popLast() ?? counter
  }

  /// 16 hexadecimal digits: a tag, a nonce, the unique part of a branch or Call-ID.
  mutating func token() -> String { HexadecimalNumber.text(next()) }

  /// Uniform within a small range (the bias of the remainder does not matter for back-off times).
  mutating func number(in range: ClosedRange<Int>) -> Int {
    let span = UInt64(range.upperBound - range.lowerBound) + 1
    return range.lowerBound + Int(next() % span)
  }

  private mutating func append(_ number: UInt64) {
    for index in 0..<8 { block.append(UInt8(truncatingIfNeeded: number >> UInt64(8 * index))) }
  }
}

/// Fixed-width hexadecimal text of 64-bit numbers.
enum HexadecimalNumber {
  static func text(_ number: UInt64) -> String {
    String(unsafeUninitializedCapacity: 16) { buffer in
      for index in 0..<16 {
        let nibble = UInt8(truncatingIfNeeded: number >> UInt64(60 - 4 * index)) & 0xf
        buffer[index] = nibble < 10 ? 0x30 + nibble : 0x57 + nibble
      }
      return 16
    }
  }

  /// The number that 16 lower-case digits stand for; nil for anything else.
  static func parse(_ text: some Sequence<UInt8>) -> UInt64? {
    var number: UInt64 = 0
    var count = 0
    for byte in text {
      let nibble: UInt8
      switch byte {
      case 0x30...0x39: nibble = byte - 0x30
      case 0x61...0x66: nibble = byte - 0x57
      default: return nil
      }
      count += 1
      guard count <= 16 else { return nil }
      number = number << 4 | UInt64(nibble)
    }
    return count == 16 ? number : nil
  }
}
