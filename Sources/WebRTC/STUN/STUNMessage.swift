/// A STUN message (RFC 8489 §5).
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     |0 0|  message type (method, class) |        message length        |
///     |                  magic cookie 0x2112A442                         |
///     |                  transaction ID (96 bits) …                      |
///     |  attributes: type, length, value, padded to 4 bytes …            |
package struct STUNMessage: Hashable, Sendable {
  package enum Class: UInt16, Hashable, Sendable {
    case request = 0
    case indication = 1
    case success = 2
    case error = 3
  }

  package static let bindingMethod: UInt16 = 1
  package static let magicCookie: UInt32 = 0x2112_a442
  static let headerSize = 20
  /// More is no message that anyone sends in one datagram.
  private static let sizeLimit = 65_536

  package var kind: Class
  package var method: UInt16
  package var transactionID: STUNTransactionID
  package var attributes: [STUNAttribute]

  package init(
    _ kind: Class, method: UInt16 = STUNMessage.bindingMethod, transactionID: STUNTransactionID, attributes: [STUNAttribute] = []
  ) {
    self.kind = kind
    self.method = method
    self.transactionID = transactionID
    self.attributes = attributes
  }

  /// Whether a datagram is STUN and not something else on the same port (RFC 7983 §7, RFC 8489 §5): two zero bits and the cookie.
  package static func isMessage(_ bytes: some Collection<UInt8>) -> Bool {
    guard bytes.count >= headerSize, let first = bytes.first, first < 4 else { return false }
    return bytes.dropFirst(4).prefix(4).elementsEqual([0x21, 0x12, 0xa4, 0x42])
  }

  /// Reads a message that fills the bytes; a FINGERPRINT, where there is one, has to be right.
  package init(parsing bytes: [UInt8]) throws(STUNError) {
    guard bytes.count <= Self.sizeLimit, Self.isMessage(bytes) else { throw .notSTUN }
    let type = Self.word(bytes, 0)
    let length = Int(Self.word(bytes, 2))
    guard length % 4 == 0, bytes.count == Self.headerSize + length else { throw .length }
    // The class is bits 4 and 8 of the type, the method the rest (RFC 8489 §5, figure 3).
    kind = Class(rawValue: (type >> 4 & 1) | (type >> 7 & 2)) ?? .request
    method = (type & 0xf) | (type >> 1 & 0x70) | (type >> 2 & 0xf80)
    transactionID = STUNTransactionID(bytes: Array(bytes[8..<20]))
    attributes = []
    var index = Self.headerSize
    while index < bytes.count {
      let type = Self.word(bytes, index)
      let count = Int(Self.word(bytes, index + 2))
      guard count <= bytes.count - index - 4 else { throw .attribute(type) }
      let value = Array(bytes[index + 4..<index + 4 + count])
      let end = index + 4 + (count + 3) / 4 * 4
      if type == STUNAttributeType.fingerprint.rawValue {
        // The last attribute (RFC 8489 §14.7).
        guard value.count == 4, end == bytes.count, value == CRC32.fingerprint(bytes[..<index]) else { throw .fingerprint }
      }
      attributes.append(STUNAttribute(type, value))
      index = end
    }
  }

  private static func word(_ bytes: [UInt8], _ index: Int) -> UInt16 {
    index + 1 < bytes.count ? UInt16(bytes[index]) << 8 | UInt16(bytes[index + 1]) : 0
  }

  /// Header and attributes; MESSAGE-INTEGRITY and FINGERPRINT are put behind them when asked for (RFC 8489 §14.5, §14.7).
  package func serialize(key: [UInt8]? = nil, hasFingerprint: Bool = false) -> [UInt8] {
    var bytes: [UInt8] = []
    let bits = kind.rawValue
    let type = (method & 0xf) | (method & 0x70) << 1 | (method & 0xf80) << 2 | (bits & 1) << 4 | (bits & 2) << 7
    bytes.append(word: type)
    bytes.append(word: 0)
    bytes.append(word: UInt16(truncatingIfNeeded: Self.magicCookie >> 16))
    bytes.append(word: UInt16(truncatingIfNeeded: Self.magicCookie))
    bytes += transactionID.bytes
    for attribute in attributes { Self.append(attribute, to: &bytes) }
    // Each is computed with the length that counts it, but nothing behind it.
    if let key {
      Self.setLength(bytes.count + 24, in: &bytes)
      Self.append(STUNAttribute(.messageIntegrity, MessageIntegrity.code(bytes, key: key)), to: &bytes)
    }
    if hasFingerprint {
      Self.setLength(bytes.count + 8, in: &bytes)
      Self.append(STUNAttribute(.fingerprint, CRC32.fingerprint(bytes[...])), to: &bytes)
    }
    Self.setLength(bytes.count, in: &bytes)
    return bytes
  }

  private static func setLength(_ total: Int, in bytes: inout [UInt8]) {
    let length = UInt16(clamping: total - headerSize)
    bytes[2] = UInt8(length >> 8)
    bytes[3] = UInt8(truncatingIfNeeded: length)
  }

  private static func append(_ attribute: STUNAttribute, to bytes: inout [UInt8]) {
    bytes.append(word: attribute.type)
    bytes.append(word: UInt16(clamping: attribute.value.count))
    bytes += attribute.value
    while bytes.count % 4 != 0 { bytes.append(0) }
  }
}

/// 96 random bits that tie an answer to its request.
package struct STUNTransactionID: Hashable, Sendable {
  package let bytes: [UInt8]

  init(bytes: [UInt8]) { self.bytes = bytes }

  package init(using random: inout some RandomNumberGenerator) {
    bytes = (0..<12).map { _ in UInt8.random(in: 0 ... .max, using: &random) }
  }
}

/// Why bytes are no STUN message that can be taken.
package enum STUNError: Error, Hashable, Sendable {
  case notSTUN
  /// The length is no multiple of 4, or not that of the datagram.
  case length
  /// An attribute goes beyond the end.
  case attribute(UInt16)
  case fingerprint
}

extension [UInt8] {
  mutating func append(word: UInt16) {
    append(UInt8(word >> 8))
    append(UInt8(truncatingIfNeeded: word))
  }
}
