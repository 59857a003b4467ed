/// Columns of text, each as wide as its widest cell; empty columns are left out.
package struct TextTable {
  package enum Alignment: Sendable { case left, right }

  private let titles: [String]
  private let alignments: [Alignment]
  private var rows: [[String]] = []

  /// A title that begins with `>` is right-aligned, and its column too.
  package init(_ titles: String...) {
    self.titles = titles.map { $0.hasPrefix(">") ? String($0.dropFirst()) : $0 }
    alignments = titles.map { $0.hasPrefix(">") ? .right : .left }
  }

  package mutating func add(_ cells: String?...) {
    var row = cells.map { $0 ?? "" }
    while row.count < titles.count { row.append("") }
    rows.append(row)
  }

  package var isEmpty: Bool { rows.isEmpty }

  /// Title line and rows, without trailing spaces.
  package var lines: [String] {
    let shown = titles.indices.filter { column in rows.contains { !$0[column].isEmpty } }
    let widths = shown.map { column in ([titles[column]] + rows.map { $0[column] }).map(\.count).max() ?? 0 }
    return ([titles] + rows).map { row in
      var line = ""
      for (column, width) in zip(shown, widths) {
        let padding = String(repeating: " ", count: width - row[column].count)
        line += (line.isEmpty ? "" : "  ") + (alignments[column] == .right ? padding + row[column] : row[column] + padding)
      }
      while line.last == " " { line.removeLast() }
      return line
    }
  }
}
