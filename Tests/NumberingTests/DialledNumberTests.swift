import Numbering
import Testing

struct DialledNumberTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var country: Country
    var areaCode: String
    var dialled: String
    var e164: String
    /// As dialled on a line of that country.
    var national: String

    init(_ country: Country, _ areaCode: String, _ dialled: String, _ e164: String, _ national: String) {
      self.country = country
      self.areaCode = areaCode
      self.dialled = dialled
      self.e164 = e164
      self.national = national
    }

    var testDescription: String { "\(country.rawValue) \(dialled)" }
  }

  // Made with the phonenumbers library (numbers it calls valid) and checked by hand; local numbers, which it cannot know, by hand alone.
  static let cases = [
    Case(.japan, "03", "03-3333-1234", "+81333331234", "0333331234"),
    Case(.japan, "03", "0333331234", "+81333331234", "0333331234"),
    Case(.japan, "03", "3333-1234", "+81333331234", "0333331234"),
    Case(.japan, "", "09012345678", "+819012345678", "09012345678"),
    Case(.japan, "03", "0120-123-456", "+81120123456", "0120123456"),
    Case(.japan, "03", "0800-123-4567", "+818001234567", "08001234567"),
    Case(.japan, "03", "050 1234 5678", "+815012345678", "05012345678"),
    Case(.japan, "0466", "22-1234", "+81466221234", "0466221234"),
    Case(.japan, "04992", "2-1234", "+81499221234", "0499221234"),
    Case(.japan, "03", "+81 3 3333 1234", "+81333331234", "0333331234"),
    Case(.japan, "03", "+81 (0)3 3333 1234", "+81333331234", "0333331234"),
    Case(.japan, "03", "tel:+81-3-3333-1234", "+81333331234", "0333331234"),
    Case(.japan, "03", "tel:0333331234;phone-context=+81", "+81333331234", "0333331234"),
    Case(.japan, "03", "%2B81333331234;user=phone", "+81333331234", "0333331234"),
    Case(.japan, "03", "03-3333-1234", "+81333331234", "0333331234"),
    Case(.japan, "03", "010 44 20 7946 0018", "+442079460018", "010442079460018"),
    Case(.japan, "03", "+442079460018", "+442079460018", "010442079460018"),
    Case(.unitedStates, "212", "(212) 555-0123", "+12125550123", "12125550123"),
    Case(.unitedStates, "212", "1-212-555-0123", "+12125550123", "12125550123"),
    Case(.unitedStates, "212", "555-0123", "+12125550123", "12125550123"),
    Case(.unitedStates, "212", "1 800 555 0199", "+18005550199", "18005550199"),
    Case(.unitedStates, "212", "011 81 3 3333 1234", "+81333331234", "01181333331234"),
    Case(.unitedKingdom, "020", "020 7946 0018", "+442079460018", "02079460018"),
    Case(.unitedKingdom, "020", "7946 0018", "+442079460018", "02079460018"),
    Case(.unitedKingdom, "020", "+44 (0)20 7946 0018", "+442079460018", "02079460018"),
    Case(.unitedKingdom, "020", "0800 1111", "+448001111", "08001111"),
    Case(.unitedKingdom, "020", "016977 2222", "+44169772222", "0169772222"),
    Case(.unitedKingdom, "020", "016977 22222", "+441697722222", "01697722222"),
    Case(.unitedKingdom, "020", "07400 123456", "+447400123456", "07400123456"),
    Case(.unitedKingdom, "020", "00 81 3 3333 1234", "+81333331234", "0081333331234"),
    Case(.germany, "030", "030 123456", "+4930123456", "030123456"),
    Case(.germany, "030", "12345678", "+493012345678", "03012345678"),
    Case(.germany, "030", "01511 2345678", "+4915112345678", "015112345678"),
    Case(.germany, "030", "+49 89 12345678", "+498912345678", "08912345678"),
    Case(.germany, "030", "0800/1234567", "+498001234567", "08001234567"),
    Case(.france, "", "01 23 45 67 89", "+33123456789", "0123456789"),
    Case(.france, "", "06.12.34.56.78", "+33612345678", "0612345678"),
    Case(.france, "", "0033 6 12 34 56 78", "+33612345678", "0612345678"),
    Case(.china, "010", "010 1234 5678", "+861012345678", "01012345678"),
    Case(.china, "010", "6234 5678", "+861062345678", "01062345678"),
    Case(.china, "010", "138 1234 5678", "+8613812345678", "13812345678"),
    Case(.china, "010", "0755 6123 4567", "+8675561234567", "075561234567"),
    Case(.china, "0316", "123 4567", "+863161234567", "03161234567"),
    Case(.china, "010", "400 123 4567", "+864001234567", "4001234567"),
    Case(.australia, "02", "(02) 9999 1234", "+61299991234", "0299991234"),
    Case(.australia, "02", "9999 1234", "+61299991234", "0299991234"),
    Case(.australia, "02", "0412 345 678", "+61412345678", "0412345678"),
    Case(.australia, "02", "1300 123 456", "+611300123456", "1300123456"),
    Case(.australia, "02", "13 12 34", "+61131234", "131234"),
    Case(.australia, "02", "0011 81 3 3333 1234", "+81333331234", "001181333331234"),
  ]

  @Test(arguments: cases) func becomesE164AndBack(_ expected: Case) throws {
    let number = try DialledNumber(expected.dialled, country: expected.country, areaCode: expected.areaCode)
    #expect(number.phoneNumber?.e164 == expected.e164)
    #expect(number.servicePrefix.isEmpty)
    #expect(number.dialString(in: expected.country).description == expected.national)
    #expect(number.dialString(in: expected.country, format: .e164).description == expected.e164)
    // What we dial reads as the same number again.
    #expect(try DialledNumber(expected.national, country: expected.country).phoneNumber?.e164 == expected.e164)
  }

  @Test func contextStandsInFront() throws {
    let number = try DialledNumber("tel:31234;phone-context=+81-333-3", country: .japan)
    #expect(number.phoneNumber?.e164 == "+81333331234")
    #expect(try DialledNumber("tel:0333331234;phone-context=example.com", country: .japan).routingKey == "+81333331234")
  }

  @Test(arguments: [
    ("184 03-3333-1234", Country.japan, "184", "+81333331234", "1840333331234"),
    ("186-3333-1234", .japan, "186", "+81333331234", "1860333331234"),
    ("184110", .japan, "184", "110", "184110"),
    ("*67 212 555 0123", .unitedStates, "*67", "+12125550123", "*6712125550123"),
    ("141 020 7946 0018", .unitedKingdom, "141", "+442079460018", "14102079460018"),
    ("#31#030 123456", .germany, "#31#", "+4930123456", "#31#030123456"),
    ("1831 02 9999 1234", .australia, "1831", "+61299991234", "18310299991234"),
  ])
  func servicePrefixIsKept(_ text: String, _ country: Country, _ prefix: String, _ key: String, _ dialled: String) throws {
    let number = try DialledNumber(text, country: country, areaCode: country == .japan ? "03" : nil)
    #expect(number.servicePrefix == prefix)
    #expect(number.routingKey == key)
    #expect(number.dialString(in: country).description == dialled)
  }

  @Test(arguments: Country.allCases)
  func emergencyNumbersAreNeverRewritten(_ country: Country) throws {
    for digits in EmergencyNumbers.numbers(in: country) {
      let number = try DialledNumber(digits, country: country, areaCode: "03")
      #expect(number.destination == .emergency(digits))
      #expect(number.isEmergency)
      #expect(number.routingKey == digits)
      for format in DialFormat.allCases {
        #expect(number.dialString(in: country, format: format) == DialString(number: digits))
      }
      #expect(number.dialString(in: country, linePrefix: "0").description == "0" + digits)
    }
  }

  @Test(arguments: [
    ("117", Country.japan), ("104", .japan), ("411", .unitedStates), ("101", .unitedKingdom), ("118500", .unitedKingdom),
    ("116117", .germany), ("3631", .france), ("118218", .france), ("10086", .china), ("12345", .china), ("95588", .china),
    ("1234", .australia),
  ])
  func shortNumbersAreNeverRewritten(_ digits: String, _ country: Country) throws {
    let number = try DialledNumber(digits, country: country, areaCode: "03")
    #expect(number.destination == .short(digits))
    #expect(number.dialString(in: country, format: .e164).description == digits)
  }

  @Test(arguments: ["*21*0312345678#", "#21#", "*#21#", "*69", "**21#"])
  func codesPassUntouched(_ code: String) throws {
    let number = try DialledNumber(code, country: .japan, areaCode: "03")
    #expect(number.destination == .serviceCode(code))
    #expect(number.dialString(in: .japan).description == code)
  }

  @Test(arguments: [
    ("", NumberError.empty),
    ("---", .empty),
    ("+", .tooShort("+", least: 4)),
    ("bob", .unexpectedCharacter("b", in: "bob")),
    ("03-3333-123a", .unexpectedCharacter("a", in: "03-3333-123a")),
    ("03+33331234", .unexpectedCharacter("+", in: "03+33331234")),
    ("03%zz", .unexpectedCharacter("%", in: "03%zz")),
    ("033333%3", .unexpectedCharacter("%", in: "033333%3")),
    ("03-3333-123", .tooShort("03-3333-123", least: 9)),
    ("03-3333-12345", .tooLong("03-3333-12345", most: 9)),
    ("+8133333123456", .tooLong("+8133333123456", most: 9)),
    ("+4420", .tooShort("+4420", least: 7)),
    ("+4420794600181234", .tooLong("+4420794600181234", most: 15)),
    ("+0333331234", .unexpectedCharacter("0", in: "+0333331234")),
    ("00333331234", .notInPlan("00333331234", .japan)),
    ("33331234", .areaCodeNeeded("33331234")),
    ("22", .tooShort("22", least: 5)),
    ("0333*1234", .unexpectedCharacter("*", in: "0333*1234")),
  ])
  func badNumbersSayWhy(_ text: String, _ error: NumberError) {
    #expect(throws: error) { try DialledNumber(text, country: .japan) }
    #expect(!error.description.isEmpty)
  }

  @Test func anEndlessTextIsRefused() {
    let text = String(repeating: "1", count: 1_000_000)
    #expect(throws: NumberError.tooLong(text, most: 64)) { try DialledNumber(text, country: .germany, areaCode: "030") }
  }

  @Test func anE164NumberIsChecked() throws {
    #expect(try PhoneNumber(e164: "+81333331234").national(in: .japan) == "0333331234")
    #expect(throws: NumberError.self) { try PhoneNumber(e164: "0333331234") }
    #expect(throws: NumberError.self) { try PhoneNumber(e164: "+81-3") }
    #expect(throws: NumberError.self) { try PhoneNumber(e164: "+") }
  }
}
