/// What somebody asks to be connected with, read from what a person keyed or a SIP or tel URI said.
///
/// ```
/// text ─ strip separators ─ split service prefix ─┬─ emergency or short number      as it is
///                                                 ├─ *…# code                       as it is
///                                                 ├─ + or international prefix      E.164
///                                                 ├─ trunk prefix (or none needed)  country code in front
///                                                 └─ local number                   country and area code in front
/// ```
package struct DialledNumber: Hashable, Sendable, CustomStringConvertible {
  package enum Destination: Hashable, Sendable {
    case subscriber(PhoneNumber)
    /// Dialled as it is, whatever the rules say.
    case emergency(String)
    /// Dialled as it is.
    case short(String)
    /// `*…#`: dialled as it is.
    case serviceCode(String)
  }

  package let destination: Destination
  /// Dialled in front of the number (JP 184, 186; US *67); empty for none.
  package let servicePrefix: String

  /// Reads a number.
  ///
  /// - Parameters:
  ///   - text: as keyed, the user part of a SIP URI, or a tel URI with or without its scheme and parameters.
  ///   - areaCode: of the line or gateway, with or without trunk prefix ("03"); put in front of local numbers.
  package init(_ text: String, country: Country, areaCode: String? = nil) throws(NumberError) {
    let rules = country.diallingRules
    let input = try DialledText(text)
    var digits = input.symbols
    guard !digits.isEmpty else { throw .empty }

    var prefix = ""
    if let found = rules.servicePrefixes.first(where: { digits.hasPrefix($0) && digits.utf8.count > $0.utf8.count }) {
      prefix = found
      digits.removeFirst(found.utf8.count)
    }
    self.servicePrefix = prefix

    if EmergencyNumbers.contains(digits, in: country) {
      destination = .emergency(digits)
    } else if rules.isShortNumber(digits) {
      destination = .short(digits)
    } else if digits.contains("*") || digits.contains("#") {
      guard !digits.contains("+"), digits.first == "*" || digits.first == "#" else {
        throw .unexpectedCharacter(digits.first { $0 == "*" || $0 == "#" } ?? "*", in: text)
      }
      destination = .serviceCode(digits)
    } else {
      destination = .subscriber(
        try NumberReader(rules: rules, country: country, areaCode: areaCode, context: input.context, text: text).read(digits))
    }
  }

  /// The number of an E.164 subscriber; nil for emergency, short numbers and codes.
  package var phoneNumber: PhoneNumber? {
    if case .subscriber(let number) = destination { number } else { nil }
  }

  package var isEmergency: Bool {
    if case .emergency = destination { true } else { false }
  }

  /// What rules and prefix tables are asked with: `+81333331234`, `110`, `*21#`; without the service prefix.
  package var routingKey: String {
    switch destination {
    case .subscriber(let number): number.e164
    case .emergency(let digits), .short(let digits), .serviceCode(let digits): digits
    }
  }

  package var description: String { servicePrefix + routingKey }

  /// What to dial on a line.
  ///
  /// - Parameter linePrefix: of the line (0 to leave a PBX); stands before the service prefix, and before emergency numbers too,
  ///   which could not be reached without it.
  package func dialString(in country: Country, format: DialFormat = .national, linePrefix: String = "") -> DialString {
    let number =
      switch destination {
      case .subscriber(let number): format == .e164 ? number.e164 : number.national(in: country)
      case .emergency(let digits), .short(let digits), .serviceCode(let digits): digits
      }
    return DialString(linePrefix: linePrefix, number: servicePrefix + number)
  }
}

/// How a line wants its numbers: `dial: {format: …}` of the configuration.
package enum DialFormat: String, CaseIterable, Hashable, Sendable {
  case national
  /// With a leading `+`: for lines that dial by command, since there is no tone for it.
  case e164
}

/// What goes to the line; the pause after the prefix is the line's matter.
package struct DialString: Hashable, Sendable, CustomStringConvertible {
  package var linePrefix: String
  package var number: String

  package init(linePrefix: String = "", number: String) {
    self.linePrefix = linePrefix
    self.number = number
  }

  package var description: String { linePrefix + number }

  /// Whether every symbol has a DTMF tone.
  package var isKeyable: Bool { description.utf8.allSatisfy { $0 != UInt8(ascii: "+") } }
}
