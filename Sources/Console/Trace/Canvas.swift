/// One line of cells that is written over.
struct Canvas {
  private var cells: [Character]

  init(width: Int) { cells = Array(repeating: " ", count: width) }

  mutating func put(_ character: Character, at column: Int) {
    if cells.indices.contains(column) { cells[column] = character }
  }

  mutating func put(_ text: String, at column: Int) {
    for (offset, character) in text.enumerated() { put(character, at: column + offset) }
  }

  mutating func center(_ text: String, at column: Int) { put(text, at: column - text.count / 2) }

  /// Without spaces at the end.
  var text: String {
    let end = cells.lastIndex { $0 != " " }.map { $0 + 1 } ?? 0
    return String(cells[..<end])
  }
}

extension String {
  /// At most so long; an ellipsis at the end says that it was longer.
  func cut(to length: Int) -> String { count <= length ? self : String(prefix(max(length - 1, 0))) + "…" }

  func leftPadded(to length: Int) -> String { String(repeating: " ", count: max(0, length - count)) + self }

  /// Without spaces at its ends.
  var trimmed: String {
    let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    return String(drop(while: isSpace).reversed().drop(while: isSpace).reversed())
  }
}

extension [String] {
  /// As many as fit, two spaces between them.
  func joined(within width: Int) -> String {
    var line = ""
    for part in self {
      let next = line.isEmpty ? part : "\(line)  \(part)"
      guard next.count <= width else { return line.isEmpty ? part.cut(to: width) : line }
      line = next
    }
    return line
  }
}
