import SIP
import Testing

@Suite("RFC 4475 torture messages", .enabled(if: TortureTable.isPresent, "../shared/corpora/rfc4475 is not beside the repository"))
struct TortureTests {
  @Test func tableHasEveryMessage() throws {
    #expect(TortureTable.rows.count == 49)
    for row in TortureTable.rows { #expect(try !TortureTable.bytes(row.file).isEmpty) }
  }

  @Test(arguments: TortureTable.rows)
  func datagram(_ row: TortureTable.Row) throws {
    let bytes = try TortureTable.bytes(row.file)
    let (outcome, message) = judge(Result { () throws(SIPParseError) in try SIPParser.parse(datagram: bytes) })
    #expect(outcome == row.expect)
    for (path, value) in row.fields ?? [:] {
      let message = try #require(message)
      #expect(MessageField.read(path, of: message) == value, "\(path)")
    }
  }

  @Test(arguments: TortureTable.rows, [1, 7, 100_000])
  func stream(_ row: TortureTable.Row, _ chunk: Int) throws {
    let bytes = try TortureTable.bytes(row.file)
    var framer = SIPStreamFramer()
    var outcomes: [TortureTable.Expectation] = []
    var failed = false
    for start in stride(from: 0, to: bytes.count, by: chunk) {
      framer.receive(bytes[start..<min(start + chunk, bytes.count)])
      while let output = framer.next() {
        switch output {
        case .message(let message): outcomes.append(judge(.success(message)).0)
        case .unparsable(let error): outcomes.append(judge(.failure(error)).0)
        case .failed(let error):
          failed = true
          let inner = judge(.failure(error)).0
          if case .status(let status) = inner, row.stream == [.word("failed \(status)")] {
            outcomes.append(.word("failed \(status)"))
          } else {
            outcomes.append(inner)
          }
        case .ping: outcomes.append(.word("ping"))
        }
      }
    }
    // Some files have a tail that is no message and ends the stream; it is no part of the row.
    if outcomes.isEmpty, !failed, !framer.isIdle { outcomes.append(.word("incomplete")) }
    #expect(Array(outcomes.prefix(row.stream.count)) == row.stream)
  }

  @Test(arguments: TortureTable.rows)
  func whatIsReadIsWrittenAndReadAgain(_ row: TortureTable.Row) throws {
    guard case .success(let message) = Result(catching: { try SIPParser.parse(datagram: try TortureTable.bytes(row.file)) }) else { return }
    let again = try SIPParser.parse(datagram: message.serialize())
    var first = message
    var second = again
    first.headers.remove(.contentLength)
    second.headers.remove(.contentLength)
    #expect(first == second)
  }

  private func judge(_ result: Result<SIPMessage, SIPParseError>) -> (TortureTable.Expectation, SIPMessage?) {
    switch result {
    case .failure(let error):
      guard let response = error.response(toTag: "t") else { return (.word("drop"), nil) }
      return (.status(response.status), nil)
    case .success(let message):
      switch message {
      case .request(let request):
        switch RequestValidation().check(request) {
        case .ok: return (.word("ok"), message)
        case .respond(let status, _, _): return (.status(status), message)
        case .drop: return (.word("drop"), message)
        }
      case .response(let response):
        return (.word(ResponseValidation.check(response) == .ok ? "ok" : "drop"), message)
      }
    }
  }
}

/// Reads a field by the paths the table uses.
private enum MessageField {
  static func read(_ path: String, of message: SIPMessage) -> String? {
    let headers = message.headers
    if path.hasPrefix("header:") { return headers[String(path.dropFirst(7))] }
    let parts = path.split(separator: ".", maxSplits: 1).map(String.init)
    let rest = parts.count > 1 ? parts[1] : ""
    switch parts[0] {
    case "body": return String(message.body.count)
    case "callid": return headers.callID
    case "maxforwards": return (try? headers.maxForwards()).flatMap { $0 }.map { String($0) }
    case "cseq": return (try? headers.cseq())?.wireText
    case "from": return (try? headers.from()).flatMap { address(rest, $0) }
    case "to": return (try? headers.to()).flatMap { address(rest, $0) }
    case "via": return via(rest, (try? headers.vias()) ?? [])
    case "contact": return contact(rest, (try? headers.contacts().addresses) ?? [])
    default: return startLine(parts[0], rest, message)
    }
  }

  private static func startLine(_ name: String, _ rest: String, _ message: SIPMessage) -> String? {
    switch (message, name) {
    case (.request(let request), "method"): request.method.name
    case (.request(let request), "uri"): uri(rest, request.uri)
    case (.response(let response), "status"): String(response.status)
    case (.response(let response), "reason"): response.reason
    default: nil
    }
  }

  private static func uri(_ rest: String, _ uri: SIPURI) -> String? {
    switch rest {
    case "": uri.description
    case "user": uri.user
    case "host": uri.host
    case "port": uri.port.map { String($0) }
    default: nil
    }
  }

  private static func address(_ rest: String, _ address: NameAddress) -> String? {
    if rest.hasPrefix("param:") { return address.parameters[String(rest.dropFirst(6))] }
    if rest == "display" { return address.displayName }
    if rest == "tag" { return address.tag }
    if rest == "uri" { return address.uri.description }
    return rest.hasPrefix("uri.") ? uri(String(rest.dropFirst(4)), address.uri) : nil
  }

  private static func via(_ rest: String, _ vias: [Via]) -> String? {
    if rest == "count" { return String(vias.count) }
    let parts = rest.split(separator: ".").map(String.init)
    guard parts.count == 2, let index = Int(parts[0]), vias.indices.contains(index) else { return nil }
    switch parts[1] {
    case "branch": return vias[index].branch
    case "host": return vias[index].host
    case "transport": return vias[index].transport
    case "unique": return String(vias[index].hasUniqueBranch)
    default: return nil
    }
  }

  private static func contact(_ rest: String, _ contacts: [NameAddress]) -> String? {
    if rest == "count" { return String(contacts.count) }
    let parts = rest.split(separator: ".", maxSplits: 1).map(String.init)
    guard parts.count == 2, let index = Int(parts[0]), contacts.indices.contains(index) else { return nil }
    return address(parts[1], contacts[index])
  }
}
