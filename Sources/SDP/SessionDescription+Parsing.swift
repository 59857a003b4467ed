extension SessionDescription {
  /// Bytes taken at most.
  package static let sizeLimit = 65_535
  /// Lines taken at most.
  package static let lineLimit = 1_000

  /// Parses a description.
  ///
  /// Lines may end in LF alone; a missing `s=` or `t=` is forgiven; order is only asked for where meaning hangs on it.
  package init(parsing bytes: [UInt8]) throws(SDPParseError) {
    guard !bytes.isEmpty else { throw SDPParseError(.empty, line: 0, expected: "v=0") }
    guard bytes.count <= SessionDescription.sizeLimit else {
      throw SDPParseError(.tooLarge, line: 0, expected: "at most \(SessionDescription.sizeLimit) bytes")
    }
    var reader = SDPReader()
    for line in bytes.split(separator: 0x0a, omittingEmptySubsequences: false) {
      try reader.read(line)
    }
    self = try reader.finish()
  }
}

/// Takes line after line.
private struct SDPReader {
  private var number = 0
  private var hasVersion = false
  private var origin: SessionDescription.Origin?
  private var times: [SessionDescription.Line] = []
  private var session = SessionDescription(origin: .init(sessionID: "0", version: "0", connection: .init(address: "0.0.0.0")))

  mutating func read(_ bytes: ArraySlice<UInt8>) throws(SDPParseError) {
    number += 1
    guard number <= SessionDescription.lineLimit else { throw error(.tooManyLines, "at most \(SessionDescription.lineLimit) lines") }
    var line = bytes
    while line.last == 0x0d { line = line.dropLast() }
    if line.isEmpty { return }
    guard !line.contains(0x0d) else { throw error(.malformedLine, "no CR within a line") }
    guard line.count >= 2, let type = line.first, type >= 0x61, type <= 0x7a, line[line.startIndex + 1] == 0x3d else {
      throw error(.malformedLine, "a lower-case letter and '='")
    }
    let value = String(decoding: line.dropFirst(2), as: UTF8.self)
    guard hasVersion else {
      guard type == 0x76, value == "0" else { throw error(.version, "v=0") }
      hasVersion = true
      return
    }
    if type == 0x6d {
      session.media.append(try media(value))
    } else if session.media.isEmpty {
      try readSessionLine(type, value)
    } else {
      try readMediaLine(type, value, session.media.count - 1)
    }
  }

  func finish() throws(SDPParseError) -> SessionDescription {
    guard hasVersion else { throw SDPParseError(.version, line: 0, expected: "v=0") }
    guard let origin else { throw SDPParseError(.origin, line: 0, expected: "an o= line") }
    var result = session
    result.origin = origin
    result.times = times.isEmpty ? SessionDescription.unbounded : times
    return result
  }

  private mutating func readSessionLine(_ type: UInt8, _ value: String) throws(SDPParseError) {
    switch type {
    case 0x6f:
      guard origin == nil else { throw error(.origin, "one o= line") }
      origin = try parseOrigin(value)
    case 0x73: session.name = value.isEmpty ? "-" : value
    case 0x69, 0x75, 0x65, 0x70: session.information.append(.init(type: type, value: value))
    case 0x63: session.connection = try connection(value)
    case 0x62: session.bandwidths.append(value)
    case 0x74, 0x72, 0x7a: times.append(.init(type: type, value: value))
    case 0x6b: session.keys.append(.init(type: type, value: value))
    case 0x61: session.attributes.append(attribute(value))
    default: throw error(.misplacedLine, "a line of the session: o s i u e p c b t r z k a")
    }
  }

  private mutating func readMediaLine(_ type: UInt8, _ value: String, _ index: Int) throws(SDPParseError) {
    switch type {
    case 0x69: session.media[index].title.append(.init(type: type, value: value))
    case 0x63:
      // Several c= lines are for layered multicast; the first is the one that counts.
      let parsed = try connection(value)
      if session.media[index].connection == nil { session.media[index].connection = parsed }
    case 0x62: session.media[index].bandwidths.append(value)
    case 0x6b: session.media[index].keys.append(.init(type: type, value: value))
    case 0x61: session.media[index].attributes.append(attribute(value))
    default: throw error(.misplacedLine, "a line of a medium: i c b k a")
    }
  }

  private func parseOrigin(_ value: String) throws(SDPParseError) -> SessionDescription.Origin {
    let parts = words(value)
    guard parts.count == 6 else { throw error(.origin, "o=user id version IN IP4|IP6 address") }
    return .init(
      username: parts[0], sessionID: parts[1], version: parts[2],
      connection: .init(networkType: parts[3], addressType: parts[4], address: parts[5]))
  }

  private func connection(_ value: String) throws(SDPParseError) -> SessionDescription.Connection {
    let parts = words(value)
    guard parts.count == 3, let address = parts[2].utf8.split(separator: 0x2f, omittingEmptySubsequences: false).first, !address.isEmpty
    else {
      throw error(.connection, "c=IN IP4|IP6 address")
    }
    return .init(networkType: parts[0], addressType: parts[1], address: String(Substring(address)))
  }

  private func attribute(_ value: String) -> SessionDescription.Attribute {
    guard let colon = value.utf8.firstIndex(of: 0x3a) else { return .init(value) }
    return .init(String(value[..<colon]), String(value[value.utf8.index(after: colon)...]))
  }

  private func media(_ value: String) throws(SDPParseError) -> SessionDescription.Media {
    let parts = words(value)
    guard parts.count >= 4 else { throw error(.media, "m=kind port transport format …") }
    let ports = parts[1].utf8.split(separator: 0x2f, maxSplits: 1, omittingEmptySubsequences: false).map { Substring($0) }
    guard let first = ports.first, let port = decimal(first) else { throw error(.media, "a port from 0 to 65535") }
    var result = SessionDescription.Media(kind: parts[0], port: port, transport: parts[2], formats: Array(parts[3...]))
    if ports.count > 1 {
      guard let count = decimal(ports[1]), count > 0 else { throw error(.media, "a number of ports behind '/'") }
      result.portCount = count
    }
    return result
  }

  private func decimal(_ text: Substring) -> UInt16? {
    guard !text.isEmpty, text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
    return UInt16(text)
  }

  private func words(_ value: String) -> [String] {
    value.utf8.split(whereSeparator: { $0 == 0x20 || $0 == 0x09 }).map { String(Substring($0)) }
  }

  private func error(_ code: SDPParseError.Code, _ expected: String) -> SDPParseError {
    SDPParseError(code, line: number, expected: expected)
  }
}
