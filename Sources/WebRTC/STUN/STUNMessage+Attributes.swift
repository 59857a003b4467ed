extension STUNMessage {
  package subscript(_ type: STUNAttributeType) -> [UInt8]? { attributes.first { $0.type == type.rawValue }?.value }

  /// Where the sender of the request was seen: XOR-MAPPED-ADDRESS, or MAPPED-ADDRESS of a server older than RFC 5389.
  package var mappedAddress: STUNAddress? {
    if let value = self[.xorMappedAddress] { return address(value, isObscured: true) }
    return self[.mappedAddress].flatMap { address($0, isObscured: false) }
  }

  package mutating func add(xorMappedAddress address: STUNAddress) {
    var value: [UInt8] = [0, address.bytes.count == 4 ? 1 : 2]
    value.append(word: address.port ^ UInt16(truncatingIfNeeded: Self.magicCookie >> 16))
    value += zip(address.bytes, mask).map { $0 ^ $1 }
    attributes.append(STUNAttribute(.xorMappedAddress, value))
  }

  /// RFC 8489 §14.1, §14.2.
  private func address(_ value: [UInt8], isObscured: Bool) -> STUNAddress? {
    let count = value.count - 4
    guard count == 4 && value[1] == 1 || count == 16 && value[1] == 2 else { return nil }
    let port = UInt16(value[2]) << 8 | UInt16(value[3])
    guard isObscured else { return STUNAddress(bytes: Array(value[4...]), port: port) }
    let bytes = zip(value[4...], mask).map { $0 ^ $1 }
    return STUNAddress(bytes: bytes, port: port ^ UInt16(truncatingIfNeeded: Self.magicCookie >> 16))
  }

  /// The cookie and the transaction identifier.
  private var mask: [UInt8] { [0x21, 0x12, 0xa4, 0x42] + transactionID.bytes }

  /// The number and words of ERROR-CODE (RFC 8489 §14.8).
  package var error: (code: Int, reason: String)? {
    guard let value = self[.errorCode], value.count >= 4 else { return nil }
    return (Int(value[2] & 7) * 100 + Int(value[3]), String(decoding: value[4...], as: UTF8.self))
  }

  /// Attributes that a receiver has to understand and we do not (RFC 8489 §6.3).
  package var unknownAttributes: [UInt16] { attributes.map(\.type).filter { $0 < 0x8000 && STUNAttributeType(rawValue: $0) == nil } }

  /// Whether the MESSAGE-INTEGRITY of a message, as it came, is that of the key (RFC 8489 §14.5).
  ///
  /// The key of short-term credentials is the password.
  package static func isIntact(_ bytes: [UInt8], key: [UInt8]) -> Bool {
    var index = headerSize
    while index + 4 <= bytes.count {
      let type = UInt16(bytes[index]) << 8 | UInt16(bytes[index + 1])
      let count = Int(bytes[index + 2]) << 8 | Int(bytes[index + 3])
      guard type == STUNAttributeType.messageIntegrity.rawValue else {
        index += 4 + (count + 3) / 4 * 4
        continue
      }
      guard count == MessageIntegrity.size, index + 4 + count <= bytes.count else { return false }
      // Nothing behind it counts, not even in the length.
      var covered = Array(bytes[..<index])
      let length = index + 4 + count - headerSize
      covered[2] = UInt8(truncatingIfNeeded: length >> 8)
      covered[3] = UInt8(truncatingIfNeeded: length)
      return MessageIntegrity.isValid(Array(bytes[index + 4..<index + 4 + count]), of: covered, key: key)
    }
    return false
  }
}
