/// The national numbering plan, as far as it takes to turn what is dialled into E.164 and back (ITU-T E.164 national number plans).
package struct DiallingRules: Sendable {
  /// Without `+`.
  package var countryCode: String
  /// What is dialled before a country code; the first is the one we dial.
  package var internationalPrefixes: [String]
  /// What is dialled before an area code within the country.
  package var trunkPrefix: String
  /// Lengths of national significant numbers by their first digits: the longest prefix decides.
  package var lengths: [LengthRule]
  /// National numbers dialled without the trunk prefix (CN mobiles, AU 13 numbers, all of NANP), by first digits and length.
  package var dialledWithoutTrunkPrefix: [LengthRule]
  /// Prefixes of the operator's that are dialled in front of a number and are no part of it: withhold or show the caller's number.
  package var servicePrefixes: [String]
  /// Numbers that are dialled exactly as they are, by first digits and length.
  package var shortNumbers: [LengthRule]
  /// Lengths that a number without area code may have, where numbers may be dialled so; nil: the area code cannot be left out.
  package var localLengths: ClosedRange<Int>?

  /// Numbers with these first digits have one of these lengths.
  package struct LengthRule: Hashable, Sendable {
    package var prefix: String
    package var lengths: ClosedRange<Int>

    package init(_ prefix: String, _ lengths: ClosedRange<Int>) {
      self.prefix = prefix
      self.lengths = lengths
    }

    package init(_ prefix: String, _ length: Int) { self.init(prefix, length...length) }

    func matches(_ digits: some StringProtocol) -> Bool { digits.hasPrefix(prefix) && lengths.contains(digits.utf8.count) }
  }

  /// The lengths that a national significant number beginning so may have.
  package func allowedLengths(of significant: some StringProtocol) -> ClosedRange<Int>? {
    lengths.filter { significant.hasPrefix($0.prefix) }.max { $0.prefix.utf8.count < $1.prefix.utf8.count }?.lengths
  }

  package func isDialledWithoutTrunkPrefix(_ significant: some StringProtocol) -> Bool {
    dialledWithoutTrunkPrefix.contains { $0.matches(significant) }
  }

  package func isShortNumber(_ digits: some StringProtocol) -> Bool { shortNumbers.contains { $0.matches(digits) } }
}
