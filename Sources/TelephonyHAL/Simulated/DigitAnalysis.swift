package import Numbering

/// The exchange's knowledge of its numbers: when a dialled number is complete, and whom it reaches.
package struct DigitAnalysis: Sendable {
  package enum Verdict: Equatable {
    /// More digits may follow; the inter-digit time-out decides.
    case incomplete
    /// No further digit can matter.
    case complete
  }

  /// Longest string that is taken; a caller that keys on is cut short.
  package static let maximumDigits = 32

  private let numbers: Set<String>
  private let country: Country

  package init(numbers: some Sequence<String>, country: Country) {
    self.numbers = Set(numbers)
    self.country = country
  }

  package func examine(_ dialled: String) -> Verdict {
    if dialled.count >= Self.maximumDigits { return .complete }
    if dialled.count > 1, dialled.hasSuffix("#"), !dialled.hasPrefix("*"), !dialled.hasPrefix("#") { return .complete }
    let number = subscriberNumber(dialled)
    guard !number.isEmpty else { return .incomplete }
    if numbers.contains(number) {
      return numbers.contains { $0.count > number.count && $0.hasPrefix(number) } ? .incomplete : .complete
    }
    if let length = nationalLength(number), number.count >= length { return .complete }
    return .incomplete
  }

  /// The telephone that was dialled, or nil.
  package func destination(_ dialled: String) -> String? {
    let number = subscriberNumber(dialled)
    return numbers.contains(number) ? number : nil
  }

  /// Without the end mark and without Japan's prefixes that withhold or show the number.
  private func subscriberNumber(_ dialled: String) -> String {
    var digits = Substring(dialled)
    if digits.count > 1, digits.hasSuffix("#"), !digits.hasPrefix("*"), !digits.hasPrefix("#") { digits = digits.dropLast() }
    if country == .japan, digits.count > 3, digits.hasPrefix("184") || digits.hasPrefix("186") { digits = digits.dropFirst(3) }
    return String(digits)
  }

  /// Digits of a complete national number that starts like this; nil where the length varies.
  private func nationalLength(_ number: String) -> Int? {
    func starts(_ prefixes: String...) -> Bool { prefixes.contains { number.hasPrefix($0) } }
    switch country {
    case .japan:
      if starts("010") { return nil }
      if starts("050", "070", "080", "090", "020") { return 11 }
      if starts("0800") { return 11 }
      return starts("0") ? 10 : nil
    case .unitedStates:
      if starts("011", "0") { return nil }
      return starts("1") ? 11 : 10
    case .france:
      if starts("00") { return nil }
      return starts("0") ? 10 : nil
    case .australia:
      if starts("0011") { return nil }
      return starts("0") ? 10 : nil
    case .china:
      if starts("00") { return nil }
      return starts("1") && number.count > 5 ? 11 : nil
    case .unitedKingdom, .germany:
      return nil
    }
  }
}
