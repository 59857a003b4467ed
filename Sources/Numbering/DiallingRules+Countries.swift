// Facts of the national plans: JP (MIC numbering plan), US (NANP), GB (Ofcom S1–S9), DE (BNetzA), FR (ARCEP), CN (MIIT), AU (ACMA).

extension DiallingRules {
  /// The rules of a country.
  package static func rules(of country: Country) -> DiallingRules {
    switch country {
    case .japan: japan
    case .unitedStates: unitedStates
    case .unitedKingdom: unitedKingdom
    case .germany: germany
    case .france: france
    case .china: china
    case .australia: australia
    }
  }

  private static let japan = DiallingRules(
    countryCode: "81",
    internationalPrefixes: ["010"],
    trunkPrefix: "0",
    lengths: [
      LengthRule("", 9), LengthRule("20", 10), LengthRule("50", 10), LengthRule("60", 10), LengthRule("70", 10), LengthRule("80", 10),
      LengthRule("90", 10), LengthRule("800", 10), LengthRule("0", 0),
    ],
    dialledWithoutTrunkPrefix: [],
    servicePrefixes: ["184", "186"],
    shortNumbers: [LengthRule("1", 3)],
    localLengths: 5...8)

  private static let unitedStates = DiallingRules(
    countryCode: "1",
    internationalPrefixes: ["011"],
    trunkPrefix: "1",
    lengths: (2...9).map { LengthRule("\($0)", 10) },
    dialledWithoutTrunkPrefix: [],
    servicePrefixes: ["*67", "*82"],
    shortNumbers: (2...9).map { LengthRule("\($0)11", 3) } + [LengthRule("988", 3)],
    localLengths: 7...7)

  private static let unitedKingdom = DiallingRules(
    countryCode: "44",
    internationalPrefixes: ["00"],
    trunkPrefix: "0",
    lengths: [
      LengthRule("1", 9...10), LengthRule("2", 10), LengthRule("3", 10), LengthRule("5", 10), LengthRule("7", 10), LengthRule("8", 10),
      LengthRule("80", 9...10), LengthRule("8001111", 7), LengthRule("8454647", 7), LengthRule("9", 10), LengthRule("500", 9),
    ],
    dialledWithoutTrunkPrefix: [],
    servicePrefixes: ["141", "1470"],
    shortNumbers: [
      LengthRule("1", 3), LengthRule("999", 3), LengthRule("118", 6), LengthRule("116", 6), LengthRule("1471", 4), LengthRule("1571", 4),
    ],
    localLengths: 4...8)

  private static let germany = DiallingRules(
    countryCode: "49",
    internationalPrefixes: ["00"],
    trunkPrefix: "0",
    lengths: [
      LengthRule("", 5...13), LengthRule("15", 10...11), LengthRule("16", 10...11), LengthRule("17", 10...11), LengthRule("0", 0),
    ],
    dialledWithoutTrunkPrefix: [],
    servicePrefixes: ["*31#", "#31#"],
    shortNumbers: [LengthRule("11", 3), LengthRule("115", 3), LengthRule("116", 6), LengthRule("118", 5...6)],
    localLengths: 3...11)

  private static let france = DiallingRules(
    countryCode: "33",
    internationalPrefixes: ["00"],
    trunkPrefix: "0",
    lengths: (1...9).map { LengthRule("\($0)", 9) },
    dialledWithoutTrunkPrefix: [],
    servicePrefixes: ["3651", "*31#", "#31#"],
    shortNumbers: [
      LengthRule("1", 2...4), LengthRule("3", 4), LengthRule("118", 6), LengthRule("116", 6),
    ],
    localLengths: nil)

  private static let china = DiallingRules(
    countryCode: "86",
    internationalPrefixes: ["00"],
    trunkPrefix: "0",
    lengths: [
      LengthRule("", 9...11), LengthRule("10", 10), LengthRule("2", 10), LengthRule("400", 10), LengthRule("800", 10), LengthRule("0", 0),
    ] + (3...9).map { LengthRule("1\($0)", 11) },
    dialledWithoutTrunkPrefix: (3...9).map { LengthRule("1\($0)", 11) } + [LengthRule("400", 10), LengthRule("800", 10)],
    servicePrefixes: [],
    shortNumbers: [
      LengthRule("1", 3), LengthRule("12", 5), LengthRule("10", 5), LengthRule("95", 5...6), LengthRule("96", 5...6),
    ],
    localLengths: 7...8)

  private static let australia = DiallingRules(
    countryCode: "61",
    internationalPrefixes: ["0011"],
    trunkPrefix: "0",
    lengths: [
      LengthRule("2", 9), LengthRule("3", 9), LengthRule("4", 9), LengthRule("5", 9), LengthRule("7", 9), LengthRule("8", 9),
      LengthRule("13", 6), LengthRule("1300", 10), LengthRule("1800", 10), LengthRule("180", 7), LengthRule("190", 10),
      LengthRule("16", 9),
    ],
    dialledWithoutTrunkPrefix: [
      LengthRule("13", 6), LengthRule("1300", 10), LengthRule("1800", 10), LengthRule("180", 7), LengthRule("190", 10),
    ],
    servicePrefixes: ["1831", "1832"],
    shortNumbers: [LengthRule("000", 3), LengthRule("1", 3), LengthRule("12", 4...5)],
    localLengths: 8...8)
}
