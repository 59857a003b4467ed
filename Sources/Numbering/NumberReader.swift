/// Turns digits as dialled at one place into E.164.
struct NumberReader {
  let rules: DiallingRules
  let country: Country
  let areaCode: String?
  let context: String
  /// As given, for errors.
  let text: String

  func read(_ digits: String) throws(NumberError) -> PhoneNumber {
    if digits.hasPrefix("+") { return try international(digits.dropFirst()) }
    if !context.isEmpty { return try inContext(digits) }
    for prefix in rules.internationalPrefixes where digits.hasPrefix(prefix) && digits.utf8.count > prefix.utf8.count {
      return try international(digits.dropFirst(prefix.utf8.count))
    }
    if rules.isDialledWithoutTrunkPrefix(digits) { return try national(digits[...]) }
    if digits.hasPrefix(rules.trunkPrefix) { return try national(digits.dropFirst(rules.trunkPrefix.utf8.count)) }
    return try local(digits)
  }

  private func international(_ digits: Substring) throws(NumberError) -> PhoneNumber {
    guard !digits.isEmpty else { throw .tooShort(text, least: 4) }
    guard digits.hasPrefix(rules.countryCode) else { return try foreign(digits) }
    var significant = digits.dropFirst(rules.countryCode.utf8.count)
    // "+44 (0)20 …": people write the trunk prefix behind the country code; no significant number begins with 0.
    if rules.trunkPrefix == "0", significant.hasPrefix("0") { significant = significant.dropFirst() }
    return try national(significant)
  }

  private func foreign(_ digits: Substring) throws(NumberError) -> PhoneNumber {
    guard digits.utf8.count >= 7 else { throw .tooShort(text, least: 7) }
    guard digits.utf8.count <= 15 else { throw .tooLong(text, most: 15) }
    guard !digits.hasPrefix("0") else { throw .unexpectedCharacter("0", in: text) }
    return try PhoneNumber(e164: "+" + digits)
  }

  private func national(_ significant: Substring) throws(NumberError) -> PhoneNumber {
    guard let lengths = rules.allowedLengths(of: significant) else {
      if significant.isEmpty { throw .tooShort(text, least: 4) }
      throw .notInPlan(text, country)
    }
    // A rule of length 0 stands for "nothing begins like this".
    guard lengths.upperBound > 0 else { throw .notInPlan(text, country) }
    guard significant.utf8.count >= lengths.lowerBound else { throw .tooShort(text, least: lengths.lowerBound) }
    guard significant.utf8.count <= lengths.upperBound else { throw .tooLong(text, most: lengths.upperBound) }
    return try PhoneNumber(e164: "+" + rules.countryCode + significant)
  }

  private func local(_ digits: String) throws(NumberError) -> PhoneNumber {
    // NANP's ten digits need no trunk prefix from anywhere; where area codes are closed, nothing else is left to try.
    if rules.trunkPrefix == "1", digits.utf8.count == 10 { return try national(digits[...]) }
    guard let localLengths = rules.localLengths else { throw .notInPlan(text, country) }
    guard digits.utf8.count >= localLengths.lowerBound else { throw .tooShort(text, least: localLengths.lowerBound) }
    guard digits.utf8.count <= localLengths.upperBound else { throw .tooLong(text, most: localLengths.upperBound) }
    guard let areaCode, !areaCode.isEmpty else { throw .areaCodeNeeded(text) }
    let area = areaCode.hasPrefix(rules.trunkPrefix) ? areaCode.dropFirst(rules.trunkPrefix.utf8.count) : areaCode[...]
    return try national(area + digits)
  }

  /// RFC 3966 clause 5.1.5: the number holds within the context, whose digits stand in front where they reach beyond the country code.
  private func inContext(_ digits: String) throws(NumberError) -> PhoneNumber {
    let contextDigits = context.dropFirst()
    if contextDigits == rules.countryCode[...] {
      return try NumberReader(rules: rules, country: country, areaCode: areaCode, context: "", text: text).read(digits)
    }
    return try international(contextDigits + digits)
  }
}
