import Foundation
import SIP
import Testing

/// The table `rfc5118.json` beside this file.
enum IPv6TortureTable {
  struct Row: Decodable, Sendable, CustomTestStringConvertible {
    var file: String
    var section: String
    var what: String
    var expect: TortureTable.Expectation
    var lines: [String]
    var body: [String]?
    var fields: [String: String]?
    var absent: [String]?

    var testDescription: String { "\(file) (\(section)): \(what)" }

    /// The message as it travels.
    var bytes: [UInt8] {
      let body = (body ?? []).map { $0 + "\r\n" }.joined()
      let header = (lines + ["Content-Length: \(body.utf8.count)"]).map { $0 + "\r\n" }.joined()
      return Array((header + "\r\n" + body).utf8)
    }
  }

  private struct Document: Decodable {
    var messages: [Row]
  }

  static let rows: [Row] = {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("rfc5118.json")
    guard let data = try? Data(contentsOf: file), let document = try? JSONDecoder().decode(Document.self, from: data) else { return [] }
    return document.messages
  }()
}

@Suite("RFC 5118 torture messages")
struct IPv6TortureTests {
  @Test func tableHasEveryMessage() {
    #expect(IPv6TortureTable.rows.count == 12)
    #expect(Set(IPv6TortureTable.rows.map(\.section)).count == 10)
  }

  @Test(arguments: IPv6TortureTable.rows)
  func datagram(_ row: IPv6TortureTable.Row) throws {
    let (outcome, message) = TortureVerdict.judge(Result { () throws(SIPParseError) in try SIPParser.parse(datagram: row.bytes) })
    #expect(outcome == row.expect)
    for (path, value) in row.fields ?? [:] {
      #expect(MessageField.read(path, of: try #require(message)) == value, "\(path)")
    }
    for path in row.absent ?? [] { #expect(MessageField.read(path, of: try #require(message)) == nil, "\(path)") }
  }

  @Test(arguments: IPv6TortureTable.rows, [1, 100_000])
  func stream(_ row: IPv6TortureTable.Row, _ chunk: Int) throws {
    var framer = SIPStreamFramer()
    var outcomes: [TortureTable.Expectation] = []
    let bytes = row.bytes
    for start in stride(from: 0, to: bytes.count, by: chunk) {
      framer.receive(bytes[start..<min(start + chunk, bytes.count)])
      while let output = framer.next() {
        switch output {
        case .message(let message): outcomes.append(TortureVerdict.judge(.success(message)).0)
        case .unparsable(let error): outcomes.append(TortureVerdict.judge(.failure(error)).0)
        case .failed: outcomes.append(.word("failed"))
        default: outcomes.append(.word("ping"))
        }
      }
    }
    #expect(outcomes == [row.expect])
    #expect(framer.isIdle)
  }

  @Test(arguments: IPv6TortureTable.rows)
  func whatIsReadIsWrittenAndReadAgain(_ row: IPv6TortureTable.Row) throws {
    guard case .success(let message) = Result(catching: { try SIPParser.parse(datagram: row.bytes) }) else { return }
    var second = try SIPParser.parse(datagram: message.serialize())
    var first = message
    first.headers.remove(.contentLength)
    second.headers.remove(.contentLength)
    #expect(first == second)
  }
}
