package import Numbering

/// Kinds of numbers that budgets name: `national`, `international`, and those of the configuration, such as `premium`.
package struct DestinationClasses: Sendable {
  package static let national = "national"
  package static let international = "international"

  private var tables: [(name: String, numbers: PrefixTable<Bool>)] = []
  private let countryPrefix: String

  /// Patterns that cannot be read, each with what is wrong; they match nothing.
  package private(set) var unreadable: [String] = []

  /// `classes` are patterns as in rules, by name; `country` is where calls begin.
  package init(_ classes: [String: [String]], country: Country) {
    countryPrefix = "+" + country.diallingRules.countryCode
    for (name, patterns) in classes.sorted(by: { $0.key < $1.key }) {
      var table = PrefixTable<Bool>()
      for pattern in patterns {
        do throws(PatternError) {
          try table.insert(true, for: pattern)
        } catch {
          unreadable.append("\(error)")
        }
      }
      tables.append((name, table))
    }
  }

  /// The classes of a number as rules see it: E.164, or as dialled where it has none.
  package func classes(of routingKey: String) -> [String] {
    var found = tables.filter { $0.numbers.longestMatch(routingKey) != nil }.map(\.name)
    // Within a shared country code (+1) the area decides whether a call is abroad: such are classes of the configuration.
    if routingKey.hasPrefix("+") { found.append(routingKey.hasPrefix(countryPrefix) ? Self.national : Self.international) }
    return found
  }
}
