import CallControl
import Testing

@Suite struct UsageLedgerTests {
  @Test func callsPerMinuteSlide() {
    var ledger = UsageLedger()
    #expect(ledger.begin(limit: 2, now: .seconds(0)) == true)
    #expect(ledger.begin(limit: 2, now: .seconds(30)) == true)
    #expect(ledger.begin(limit: 2, now: .seconds(59)) == false)
    #expect(ledger.begin(limit: 2, now: .seconds(60)) == true)
    #expect(ledger.begin(limit: 2, now: .seconds(89)) == false)
    #expect(ledger.begin(limit: nil, now: .seconds(89)) == true)
  }

  @Test func talkIsForgottenAfterADay() {
    var ledger = UsageLedger()
    ledger.add(.seconds(60), account: "bob", now: .seconds(100))
    ledger.add(.seconds(30), account: "eve", now: .seconds(200))
    #expect(ledger.used(by: "bob", now: .seconds(300)) == .seconds(60))
    #expect(ledger.used(by: nil, now: .seconds(300)) == .seconds(90))
    #expect(ledger.used(by: nil, now: .seconds(86_500)) == .seconds(30))
    #expect(ledger.used(by: "bob", now: .seconds(86_500)) == .zero)
  }
}
