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
    let (outcome, message) = TortureVerdict.judge(Result { () throws(SIPParseError) in try SIPParser.parse(datagram: bytes) })
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
        case .message(let message): outcomes.append(TortureVerdict.judge(.success(message)).0)
        case .unparsable(let error): outcomes.append(TortureVerdict.judge(.failure(error)).0)
        case .failed(let error):
          failed = true
          let inner = TortureVerdict.judge(.failure(error)).0
          if case .status(let status) = inner, row.stream == [.word("failed \(status)")] {
            outcomes.append(.word("failed \(status)"))
          } else {
            outcomes.append(inner)
          }
        case .ping: outcomes.append(.word("ping"))
        case .unheard: outcomes.append(.word("unheard"))
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
}
