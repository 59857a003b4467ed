/// What an outbound rule matches: a whole number, or a beginning followed by `*`.
package struct NumberPattern: Hashable, Sendable {
  /// `+` and digits, or digits, `*` and `#`: what the number is or begins with.
  package let digits: String
  /// True: any number that begins with `digits`.
  package let isPrefix: Bool

  /// Reads `+81*`, `*`, `0120*`, `+81333331234`; nil where other characters occur.
  package init?(_ text: String) {
    let isPrefix = text.hasSuffix("*")
    let digits = isPrefix ? text.dropLast() : text[...]
    guard isPrefix || !digits.isEmpty else { return nil }
    for (index, character) in digits.enumerated() {
      switch character {
      case "0"..."9", "*", "#": continue
      case "+" where index == 0: continue
      default: return nil
      }
    }
    self.digits = String(digits)
    self.isPrefix = isPrefix
  }
}

extension NumberPattern: CustomStringConvertible {
  package var description: String { isPrefix ? digits + "*" : digits }
}
