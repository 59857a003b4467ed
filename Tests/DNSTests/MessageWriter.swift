import DNS

/// Makes answers as servers do: what the parser reads is written by other code than ours.
struct MessageWriter {
  private(set) var bytes: [UInt8] = []

  /// The answer to a query's bytes, its question repeated as it stands.
  init(answering query: [UInt8], code: UInt8 = 0, isTruncated: Bool = false, answers: [Record] = [], authorities: [Record] = []) {
    bytes = Array(query[0..<2])
    word(0x8180 | UInt16(code) | (isTruncated ? 0x0200 : 0))
    for count in [1, answers.count, authorities.count, 0] { word(UInt16(count)) }
    var end = 12
    while query[end] != 0 { end += 1 + Int(query[end]) }
    bytes += query[12..<end + 5]
    for record in answers + authorities { append(record) }
  }

  struct Record {
    var name: String
    var type: UInt16
    var lifetime: UInt32 = 300
    var data: [UInt8]

    static func a(_ name: String, _ address: [UInt8], lifetime: UInt32 = 300) -> Record {
      Record(name: name, type: 1, lifetime: lifetime, data: address)
    }

    static func aaaa(_ name: String, lastByte: UInt8) -> Record {
      Record(name: name, type: 28, data: [0x20, 0x01, 0x0d, 0xb8] + [UInt8](repeating: 0, count: 11) + [lastByte])
    }

    static func alias(_ name: String, _ target: String, lifetime: UInt32 = 300) -> Record {
      Record(name: name, type: 5, lifetime: lifetime, data: wire(target))
    }

    static func service(_ name: String, _ priority: UInt16, _ weight: UInt16, _ port: UInt16, _ target: String) -> Record {
      Record(name: name, type: 33, data: words([priority, weight, port]) + wire(target))
    }

    static func pointer(_ name: String, _ order: UInt16, _ preference: UInt16, _ flags: String, _ service: String, _ to: String) -> Record {
      let strings = [flags, service, ""].flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
      return Record(name: name, type: 35, data: words([order, preference]) + strings + wire(to))
    }

    static func authority(_ zone: String, seconds: UInt16, lifetime: UInt32 = 3600) -> Record {
      let numbers = words([0, 1, 0, 2, 0, 3, 0, 4, 0, seconds])
      return Record(name: zone, type: 6, lifetime: lifetime, data: wire("ns." + zone) + wire("root." + zone) + numbers)
    }
  }

  static func wire(_ name: String) -> [UInt8] {
    name.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
  }

  static func words(_ words: [UInt16]) -> [UInt8] { words.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xff)] } }

  private mutating func word(_ word: UInt16) { bytes += Self.words([word]) }

  private mutating func append(_ record: Record) {
    bytes += Self.wire(record.name)
    word(record.type)
    word(1)
    bytes += Self.words([UInt16(record.lifetime >> 16), UInt16(record.lifetime & 0xffff)])
    word(UInt16(record.data.count))
    bytes += record.data
  }
}

private func wire(_ name: String) -> [UInt8] { MessageWriter.wire(name) }
private func words(_ numbers: [UInt16]) -> [UInt8] { MessageWriter.words(numbers) }
