/// Why bytes are not a session description (RFC 8866).
package struct SDPParseError: Error, Hashable, Sendable {
  package enum Code: String, Hashable, Sendable, CaseIterable {
    case empty, tooLarge, tooManyLines, malformedLine, version, origin, connection, media, misplacedLine
  }

  package var code: Code
  /// Counted from 1; 0 for the whole.
  package var line: Int
  /// What was expected; our words only.
  package var expected: String

  package init(_ code: Code, line: Int, expected: String) {
    self.code = code
    self.line = line
    self.expected = expected
  }
}

extension SDPParseError: CustomStringConvertible {
  package var description: String { "SDP line \(line): expected \(expected)" }
}
