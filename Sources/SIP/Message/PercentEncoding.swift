/// The `%HH` escapes of URIs (RFC 3261 19.1.2).
enum PercentEncoding {
  /// Undoes every escape; what is not an escape stays.
  static func decode(_ text: String) -> String {
    guard text.utf8.contains(0x25) else { return text }
    let bytes = Array(text.utf8)
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
      if bytes[index] == 0x25, index + 2 < bytes.count, let high = bytes[index + 1].hexValue, let low = bytes[index + 2].hexValue {
        result.append(high &<< 4 | low)
        index += 3
      } else {
        result.append(bytes[index])
        index += 1
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// Escapes everything outside the set.
  static func encode(_ text: String, keeping set: ByteSet) -> String {
    guard !text.utf8.allSatisfy(set.contains) else { return text }
    var result: [UInt8] = []
    for byte in text.utf8 { result.append(escaped: byte, keeping: set) }
    return String(decoding: result, as: UTF8.self)
  }
}

extension [UInt8] {
  /// Appends a byte, escaped unless the set has it.
  mutating func append(escaped byte: UInt8, keeping set: ByteSet) {
    guard !set.contains(byte) else { return append(byte) }
    append(0x25)
    for nibble in [byte &>> 4, byte & 0x0f] { append(nibble < 10 ? 0x30 &+ nibble : 0x37 &+ nibble) }
  }
}
