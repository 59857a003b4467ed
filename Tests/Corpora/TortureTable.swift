import Foundation
import Testing

/// The table `rfc4475.json` beside this file, and the folder of messages it speaks of.
enum TortureTable {
  struct Row: Decodable, Sendable, CustomTestStringConvertible {
    var file: String
    var section: String
    var what: String
    var expect: Expectation
    var stream: [Expectation]
    var fields: [String: String]?

    var testDescription: String { "\(file) (\(section)): \(what)" }
  }

  /// `ok`, `drop`, `incomplete`, `failed N` or a status.
  enum Expectation: Decodable, Equatable, Sendable {
    case word(String)
    case status(Int)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let status = try? container.decode(Int.self) {
        self = .status(status)
      } else {
        self = .word(try container.decode(String.self))
      }
    }
  }

  private struct Document: Decodable {
    var messages: [Row]
  }

  static let folder: URL = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    return root.deletingLastPathComponent().appendingPathComponent("shared/corpora/rfc4475")
  }()

  static let isPresent = FileManager.default.fileExists(atPath: folder.path)

  static let rows: [Row] = {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("rfc4475.json")
    guard let data = try? Data(contentsOf: file), let document = try? JSONDecoder().decode(Document.self, from: data) else { return [] }
    return document.messages
  }()

  static func bytes(_ file: String) throws -> [UInt8] {
    Array(try Data(contentsOf: folder.appendingPathComponent("\(file).dat")))
  }
}
