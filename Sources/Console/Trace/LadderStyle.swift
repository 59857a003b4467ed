/// Colours of the ladder: what went well green, what did not red, what is being asked blue, the rest of the drawing faint.
struct LadderStyle: Sendable {
  let isColoured: Bool

  private enum Code: String {
    case strong = "1"
    case faint = "2"
    case request = "1;34"
    case provisional = "33"
    case success = "32"
    case redirection = "35"
    case failure = "31"
  }

  func strong(_ text: String) -> String { paint(text, .strong) }
  func faint(_ text: String) -> String { paint(text, .faint) }

  /// A message's line: its label in the colour of its meaning, its note faint.
  func message(_ line: String, status: Int?, isAgain: Bool, label: String, noteColumn: Int) -> String {
    guard isColoured else { return line }
    let cells = Array(line)
    let drawing = String(cells.prefix(noteColumn))
    let note = String(cells.dropFirst(noteColumn))
    guard let range = drawing.firstRange(of: label) else { return drawing + faint(note) }
    let painted = isAgain ? paint(label, .faint) : paint(label, Self.code(status))
    return faint(String(drawing[..<range.lowerBound])) + painted + faint(String(drawing[range.upperBound...])) + faint(note)
  }

  private static func code(_ status: Int?) -> Code {
    switch status {
    case nil: .request
    case .some(..<200): .provisional
    case .some(200..<300): .success
    case .some(300..<400): .redirection
    // Asked for a password: no failure yet.
    case 401, 407: .provisional
    default: .failure
    }
  }

  private func paint(_ text: String, _ code: Code) -> String {
    isColoured && !text.isEmpty ? "\u{1B}[\(code.rawValue)m\(text)\u{1B}[0m" : text
  }
}
