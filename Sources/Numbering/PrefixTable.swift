/// Values found by the longest matching prefix of a dialled number, at a cost that does not depend on how many there are.
///
/// Patterns: `+81*` matches what begins with +81, `110` matches 110 alone, `*` matches everything. An exact pattern wins over a prefix of
/// the same length. Symbols are `0-9 + * #`; only a `*` at the end is a wildcard.
package struct PrefixTable<Value: Sendable>: Sendable {
  // A pattern of up to 15 symbols is packed into four bits a symbol (1 … 13), so that the length is part of the key; the exact form
  // has the top nibble set. Only lengths that occur are looked up.
  private var values: [UInt64: Value] = [:]
  private var prefixLengths: UInt32 = 0
  private var exactLengths: UInt32 = 0

  package init() {}

  package init(_ entries: some Sequence<(pattern: String, value: Value)>) throws(PatternError) {
    for entry in entries { try insert(entry.value, for: entry.pattern) }
  }

  /// The number of patterns.
  package var count: Int { values.count }

  /// Adds or replaces the value of a pattern.
  package mutating func insert(_ value: Value, for pattern: String) throws(PatternError) {
    let key = try PatternKey(pattern)
    values[key.packed] = value
    if key.isExact { exactLengths |= 1 << UInt32(key.length) } else { prefixLengths |= 1 << UInt32(key.length) }
  }

  /// Takes a pattern out and gives back its value.
  @discardableResult
  package mutating func remove(_ pattern: String) -> Value? {
    guard let key = try? PatternKey(pattern) else { return nil }
    return values.removeValue(forKey: key.packed)
  }

  /// The value of the longest pattern that matches; nil where none does.
  package func longestMatch(_ number: String) -> Value? { longestMatchedPattern(number)?.value }

  /// The longest pattern that matches with the number of its symbols.
  package func longestMatchedPattern(_ number: String) -> (symbols: Int, value: Value)? {
    var best: (symbols: Int, value: Value)?
    var packed: UInt64 = 0
    var length = 0
    var isWhole = true
    if prefixLengths & 1 != 0, let value = values[0] { best = (0, value) }
    for character in number.utf8 {
      guard length < PatternKey.longest, let symbol = PatternKey.symbol(character) else {
        isWhole = false
        break
      }
      packed = packed << 4 | symbol
      length += 1
      if prefixLengths & (1 << UInt32(length)) != 0, let value = values[packed] { best = (length, value) }
    }
    if isWhole, length > 0, exactLengths & (1 << UInt32(length)) != 0, let value = values[packed | PatternKey.exact] {
      best = (length, value)
    }
    return best
  }
}

/// Why a pattern cannot be used.
package enum PatternError: Error, Hashable, Sendable, CustomStringConvertible {
  case empty
  case tooLong(String)
  case unexpectedSymbol(Character, in: String)

  package var description: String {
    switch self {
    case .empty: "a number pattern is empty; allowed are digits with an optional leading + and a trailing *, or * alone"
    case .tooLong(let pattern): "number pattern '\(pattern)' is longer than \(PatternKey.longest) symbols"
    case .unexpectedSymbol(let symbol, let pattern):
      "'\(symbol)' in number pattern '\(pattern)'; allowed are digits, a leading +, * and #, and a trailing *"
    }
  }
}

private struct PatternKey {
  /// `+` and the 15 digits of E.164 do not fit by one; nobody routes on the last digit of a number of 15.
  static let longest = 15
  static let exact: UInt64 = 0xF << 60

  let packed: UInt64
  let length: Int
  let isExact: Bool

  init(_ pattern: String) throws(PatternError) {
    guard !pattern.isEmpty else { throw .empty }
    let isPrefix = pattern.hasSuffix("*")
    let literal = isPrefix ? pattern.dropLast() : pattern[...]
    var packed: UInt64 = 0
    var length = 0
    for character in literal {
      guard let byte = character.asciiValue, let symbol = Self.symbol(byte), character != "+" || length == 0 else {
        throw .unexpectedSymbol(character, in: pattern)
      }
      guard length < Self.longest else { throw .tooLong(pattern) }
      packed = packed << 4 | symbol
      length += 1
    }
    self.length = length
    self.isExact = !isPrefix
    self.packed = isPrefix ? packed : packed | Self.exact
  }

  static func symbol(_ byte: UInt8) -> UInt64? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0")) + 1
    case UInt8(ascii: "+"): 11
    case UInt8(ascii: "*"): 12
    case UInt8(ascii: "#"): 13
    default: nil
    }
  }
}
