import Numbering
import TelephonyHAL
import Testing

@Suite struct DigitAnalysisTests {
  private let japan = DigitAnalysis(numbers: ["0333331234", "119", "1190"], country: .japan)

  @Test func aNumberIsCompleteWhenNothingCanFollow() {
    #expect(japan.examine("033333123") == .incomplete)
    #expect(japan.examine("0333331234") == .complete)
    #expect(japan.examine("119") == .incomplete, "1190 may follow")
    #expect(japan.examine("1190") == .complete)
    #expect(japan.examine("119#") == .complete)
    #expect(japan.examine("0399999999") == .complete)
    #expect(japan.examine("0909999999") == .incomplete, "mobile numbers have eleven")
    #expect(japan.examine("09099999999") == .complete)
    #expect(japan.examine("*21#") == .incomplete)
    #expect(japan.examine(String(repeating: "1", count: 32)) == .complete)
    #expect(japan.examine("") == .incomplete)
  }

  @Test func prefixesAndEndMarksDoNotBelongToTheNumber() {
    #expect(japan.destination("1840333331234") == "0333331234")
    #expect(japan.destination("1860333331234#") == "0333331234")
    #expect(japan.destination("119#") == "119")
    #expect(japan.destination("033333123") == nil)
    #expect(DigitAnalysis(numbers: ["0333331234"], country: .germany).destination("1840333331234") == nil)
  }

  @Test func lengthsOfTheCountries() {
    let cases: [(Country, String, DigitAnalysis.Verdict)] = [
      (.unitedStates, "2125551234", .complete), (.unitedStates, "1212555123", .incomplete), (.unitedStates, "12125551234", .complete),
      (.france, "0123456789", .complete), (.australia, "0291234567", .complete), (.china, "13912345678", .complete),
      (.germany, "03012345678", .incomplete), (.unitedKingdom, "02071234567", .incomplete), (.japan, "01012125551234", .incomplete),
    ]
    for (country, number, verdict) in cases {
      #expect(DigitAnalysis(numbers: [], country: country).examine(number) == verdict, "\(country) \(number)")
    }
  }
}
