import Glibc

/// Reads fields of a message one after the other; never beyond its end.
struct DNSReader {
  let bytes: [UInt8]
  private(set) var position: Int

  init(_ bytes: [UInt8], at position: Int = 0) {
    self.bytes = bytes
    self.position = position
  }

  mutating func byte() throws(DNSMessageError) -> UInt8 {
    guard position < bytes.count else { throw .truncated }
    defer { position += 1 }
    return bytes[position]
  }

  mutating func word() throws(DNSMessageError) -> UInt16 {
    let high = try byte()
    return UInt16(high) << 8 | UInt16(try byte())
  }

  mutating func doubleWord() throws(DNSMessageError) -> UInt32 {
    let high = try word()
    return UInt32(high) << 16 | UInt32(try word())
  }

  mutating func bytes(_ count: Int) throws(DNSMessageError) -> ArraySlice<UInt8> {
    guard count >= 0, count <= bytes.count - position else { throw .truncated }
    defer { position += count }
    return bytes[position..<position + count]
  }

  /// A length and that many bytes (RFC 1035 §3.3, `<character-string>`).
  mutating func characterString() throws(DNSMessageError) -> String {
    let count = Int(try byte())
    return String(decoding: try bytes(count), as: UTF8.self)
  }

  /// A name, compressed or not (RFC 1035 §4.1.4).
  ///
  /// Each pointer has to point before everything read of this name so far, so that there is an end.
  mutating func name() throws(DNSMessageError) -> DomainName {
    var labels: [[UInt8]] = []
    var length = 1
    var reader = self
    var hasJumped = false
    var bound = position
    while true {
      let first = try reader.byte()
      switch first >> 6 {
      case 0:
        guard first != 0 else {
          if !hasJumped { position = reader.position }
          guard let name = DomainName(labels: labels) else { throw .longName }
          return name
        }
        length += 1 + Int(first)
        guard length <= DomainName.longestName else { throw .longName }
        labels.append(Array(try reader.bytes(Int(first))))
      case 3:
        let target = Int(first & 0x3f) << 8 | Int(try reader.byte())
        guard target < bound else { throw .badPointer }
        if !hasJumped { position = reader.position }
        hasJumped = true
        bound = target
        reader.position = target
      default:
        throw .badLabel
      }
    }
  }

  /// A numeric address of 4 or 16 bytes as text.
  static func address(_ bytes: ArraySlice<UInt8>) -> String? {
    let family = bytes.count == 4 ? AF_INET : AF_INET6
    guard bytes.count == 4 || bytes.count == 16 else { return nil }
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let isDone = bytes.withUnsafeBytes { inet_ntop(family, $0.baseAddress, &text, socklen_t(text.count)) != nil }
    guard isDone else { return nil }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
