/// A number in the international form of ITU-T E.164: a country code and 1 … 13 digits more.
package struct PhoneNumber: Hashable, Sendable, CustomStringConvertible {
  /// `+` and up to 15 digits.
  package let e164: String

  /// Takes `+` and 4 … 15 digits.
  package init(e164: String) throws(NumberError) {
    guard e164.hasPrefix("+"), e164.utf8.dropFirst().allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) else {
      throw .unexpectedCharacter(e164.first { !"+0123456789".contains($0) } ?? "+", in: e164)
    }
    let digits = e164.utf8.count - 1
    guard digits >= 4 else { throw .tooShort(e164, least: 4) }
    guard digits <= 15 else { throw .tooLong(e164, most: 15) }
    guard !e164.hasPrefix("+0") else { throw .unexpectedCharacter("0", in: e164) }
    self.e164 = e164
  }

  package var description: String { e164 }

  /// The digits after the country code; nil for a number of another country.
  package func significantNumber(in country: Country) -> String? {
    let code = "+" + country.diallingRules.countryCode
    return e164.hasPrefix(code) ? String(e164.dropFirst(code.utf8.count)) : nil
  }

  /// As dialled within the country: `0333331234`, `12125551234`; with the international prefix where it belongs to another country.
  package func national(in country: Country) -> String {
    let rules = country.diallingRules
    guard let significant = significantNumber(in: country) else {
      return (rules.internationalPrefixes.first ?? "") + e164.dropFirst()
    }
    return rules.isDialledWithoutTrunkPrefix(significant) ? significant : rules.trunkPrefix + significant
  }
}

/// Why what was dialled is no number (response 484, Q.850 cause 28).
package enum NumberError: Error, Hashable, Sendable, CustomStringConvertible {
  case empty
  case unexpectedCharacter(Character, in: String)
  case tooShort(String, least: Int)
  case tooLong(String, most: Int)
  /// A number without area code, on a line whose area code is not configured.
  case areaCodeNeeded(String)
  /// No number of the national plan begins like this.
  case notInPlan(String, Country)

  package var description: String {
    switch self {
    case .empty: "no number was given"
    case .unexpectedCharacter(let character, let text):
      "'\(character)' in '\(text)': a number has digits, a leading + and separators only"
    case .tooShort(let text, let least): "'\(text)' is too short: \(least) digits or more were expected"
    case .tooLong(let text, let most): "'\(text)' is too long: at most \(most) digits were expected"
    case .areaCodeNeeded(let text): "'\(text)' has no area code, and the line has no area_code to put in front"
    case .notInPlan(let text, let country): "'\(text)' is not in the numbering plan of \(country.rawValue)"
    }
  }
}
