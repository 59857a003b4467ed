/// A question as a message: recursion desired, EDNS0 (RFC 1035 §4.1, RFC 6891 §6.1.2).
package struct DNSQuery: Hashable, Sendable {
  package var id: UInt16
  package var question: DNSQuestion
  /// The name's bytes as they are sent: upper and lower case mixed at random, which an answer has to repeat (draft-vixie-dnsext-dns0x20).
  package private(set) var spelling: [UInt8]
  package var hasExtension: Bool

  /// What may come in one datagram without fragments on most paths.
  static let datagramSize: UInt16 = 1232
  static let headerSize = 12

  /// `caseBits` decides, letter by letter, which are upper case.
  package init(_ question: DNSQuestion, id: UInt16, caseBits: UInt64, hasExtension: Bool = true) {
    self.id = id
    self.question = question
    self.hasExtension = hasExtension
    var bits = caseBits
    var spelling: [UInt8] = []
    for label in question.name.labels {
      spelling.append(UInt8(label.count))
      for byte in label {
        let isUpper = (0x61...0x7a).contains(byte) && bits & 1 == 1
        spelling.append(isUpper ? byte & 0xdf : byte)
        bits = bits >> 1 | bits << 63
      }
    }
    spelling.append(0)
    self.spelling = spelling
  }

  package func serialize() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.headerSize + spelling.count + 4 + 11)
    bytes.append(word: id)
    // A standard query, recursion desired.
    bytes.append(word: 0x0100)
    for count: UInt16 in [1, 0, 0, hasExtension ? 1 : 0] { bytes.append(word: count) }
    bytes.append(contentsOf: spelling)
    bytes.append(word: question.type.rawValue)
    bytes.append(word: 1)
    if hasExtension {
      bytes.append(0)
      bytes.append(word: RecordType.opt.rawValue)
      bytes.append(word: Self.datagramSize)
      for _ in 0..<6 { bytes.append(0) }
    }
    return bytes
  }
}

extension [UInt8] {
  mutating func append(word: UInt16) {
    append(UInt8(word >> 8))
    append(UInt8(truncatingIfNeeded: word))
  }
}
