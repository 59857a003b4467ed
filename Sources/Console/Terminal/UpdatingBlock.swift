/// A block of lines on a terminal that is written over in place.
struct UpdatingBlock {
  private var height = 0

  /// What brings the block from what it shows to these lines, each cut to `columns`.
  mutating func update(_ lines: [String], columns: Int) -> String {
    var output = height > 0 ? "\u{1B}[\(height)A" : ""
    for line in lines { output += "\r\u{1B}[2K" + line.prefix(max(1, columns - 1)) + "\n" }
    // What is left of a higher block before.
    output += "\u{1B}[J"
    height = lines.count
    return output
  }
}
