/// An answer as it came (RFC 1035 §4.1).
package struct DNSResponse: Hashable, Sendable {
  /// RFC 1035 §4.1.1.
  package enum Code: UInt8, Hashable, Sendable {
    case noError = 0
    case formatError = 1
    case serverFailure = 2
    case noSuchName = 3
    case notImplemented = 4
    case refused = 5
    case other = 15
  }

  package var id: UInt16
  /// The answer to a standard query, not a question.
  package var isResponse: Bool
  /// There is more, by TCP.
  package var isTruncated: Bool
  package var code: Code
  /// nil: none, several, or one of a kind that is never asked for.
  package var question: DNSQuestion?
  /// The question's name as it came, upper and lower case kept.
  package var spelling: [UInt8]
  package var answers: [DNSRecord]
  package var authorities: [DNSRecord]

  /// Reads a whole message; what is behind the last record counted is ignored, a truncated message may end within a record.
  package init(parsing bytes: [UInt8]) throws(DNSMessageError) {
    var reader = DNSReader(bytes)
    id = try reader.word()
    let flags = try reader.word()
    isResponse = flags & 0xf800 == 0x8000
    isTruncated = flags & 0x0200 != 0
    code = Code(rawValue: UInt8(flags & 0xf)) ?? .other
    let questions = try reader.word()
    let counts = (answers: try reader.word(), authorities: try reader.word(), additional: try reader.word())
    question = nil
    spelling = []
    answers = []
    authorities = []
    for number in 0..<questions {
      let start = reader.position
      let name = try reader.name()
      let end = reader.position
      let type = RecordType(rawValue: try reader.word())
      let kind = try reader.word()
      guard number == 0, questions == 1, kind == 1, let type else { continue }
      question = DNSQuestion(name, type)
      spelling = Array(bytes[start..<end])
    }
    do throws(DNSMessageError) {
      answers = try Self.records(counts.answers, &reader)
      authorities = try Self.records(counts.authorities, &reader)
    } catch {
      guard isTruncated, error == .truncated else { throw error }
    }
    // Additional records are not used: they answer what nobody asked.
  }

  private static func records(_ count: UInt16, _ reader: inout DNSReader) throws(DNSMessageError) -> [DNSRecord] {
    var records: [DNSRecord] = []
    for _ in 0..<count {
      if let record = try record(&reader) { records.append(record) }
    }
    return records
  }

  /// nil: of another class.
  private static func record(_ reader: inout DNSReader) throws(DNSMessageError) -> DNSRecord? {
    let name = try reader.name()
    let type = try reader.word()
    let kind = try reader.word()
    let lifetime = try reader.doubleWord()
    let length = Int(try reader.word())
    let start = reader.position
    _ = try reader.bytes(length)
    guard kind == 1 || type == RecordType.opt.rawValue else { return nil }
    var data = DNSReader(reader.bytes, at: start)
    let result = try Self.data(type, length, &data)
    guard data.position <= start + length, result == .other || data.position == start + length else { throw .badRecordLength }
    // RFC 2181 §8: a lifetime with the top bit set is none.
    return DNSRecord(name: name, type: type, lifetimeSeconds: lifetime > 0x7fff_ffff ? 0 : lifetime, data: result)
  }

  private static func data(_ type: UInt16, _ length: Int, _ reader: inout DNSReader) throws(DNSMessageError) -> RecordData {
    switch RecordType(rawValue: type) {
    case .a, .aaaa:
      guard length == (type == RecordType.a.rawValue ? 4 : 16), let text = DNSReader.address(try reader.bytes(length)) else {
        throw .badRecordLength
      }
      return .address(text)
    case .cname:
      return .alias(try reader.name())
    case .srv:
      let (priority, weight, port) = (try reader.word(), try reader.word(), try reader.word())
      return .service(ServiceRecord(priority: priority, weight: weight, port: port, target: try reader.name()))
    case .naptr:
      let (order, preference) = (try reader.word(), try reader.word())
      let (flags, service, expression) = (try reader.characterString(), try reader.characterString(), try reader.characterString())
      return .pointer(
        NamingAuthorityPointer(
          order: order, preference: preference, flags: flags.lowercased(), service: service.uppercased(), regularExpression: expression,
          replacement: try reader.name()))
    case .soa:
      _ = try reader.name()
      _ = try reader.name()
      for _ in 0..<4 { _ = try reader.doubleWord() }
      return .authority(negativeSeconds: try reader.doubleWord())
    case .opt, nil:
      return .other
    }
  }
}
