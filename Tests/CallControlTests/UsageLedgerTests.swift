import CallControl
import TelephonyHAL
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

  private func used(_ ledger: UsageLedger, _ party: UsageLedger.Party, _ destinationClass: String? = nil, at now: Duration) -> Duration {
    ledger.used(UsageLedger.Account(party: party, destinationClass: destinationClass), now: now)
  }

  @Test func talkIsForgottenAfterADay() {
    var ledger = UsageLedger()
    ledger.add(.seconds(60), of: Spending(account: "bob"), at: .seconds(100))
    ledger.add(.seconds(30), of: Spending(account: "eve"), at: .seconds(1000))
    #expect(used(ledger, .account("bob"), at: .seconds(1300)) == .seconds(60))
    #expect(used(ledger, .everybody, at: .seconds(1300)) == .seconds(90))
    // A slot of ten minutes counts until all of it is a day old.
    #expect(used(ledger, .everybody, at: .seconds(86_400 + 599)) == .seconds(90))
    #expect(used(ledger, .everybody, at: .seconds(86_400 + 600)) == .seconds(30))
    #expect(used(ledger, .account("bob"), at: .seconds(86_400 + 600)) == .zero)
    #expect(used(ledger, .everybody, at: .seconds(86_400 + 1200)) == .zero)
  }

  @Test func talkIsWrittenDownForEverybodyItConcerns() {
    var ledger = UsageLedger()
    let line = LineID("line1")
    ledger.add(.seconds(60), of: Spending(account: "bob", line: line, classes: ["premium", "national"]), at: .zero)
    ledger.add(.seconds(5), of: Spending(trunk: "pbx", line: line, classes: ["national"]), at: .zero)
    ledger.add(.zero, of: Spending(account: "bob"), at: .zero)
    #expect(used(ledger, .everybody, at: .zero) == .seconds(65))
    #expect(used(ledger, .everybody, "premium", at: .zero) == .seconds(60))
    #expect(used(ledger, .line(line), at: .zero) == .seconds(65))
    #expect(used(ledger, .line(line), "national", at: .zero) == .seconds(65))
    #expect(used(ledger, .trunk("pbx"), "national", at: .zero) == .seconds(5))
    #expect(used(ledger, .account("bob"), "premium", at: .zero) == .seconds(60))
    #expect(used(ledger, .account("pbx"), at: .zero) == .zero)
  }

  @Test func talkOfAnEarlierRunCounts() {
    var ledger = UsageLedger()
    ledger.add(.seconds(20), of: Spending(account: "bob"), at: .seconds(-86_400))
    ledger.add(.seconds(40), of: Spending(account: "bob"), at: .seconds(-600))
    ledger.add(.seconds(2), of: Spending(account: "bob"), at: .seconds(-1))
    #expect(used(ledger, .account("bob"), at: .zero) == .seconds(62))
    #expect(used(ledger, .account("bob"), at: .seconds(600)) == .seconds(42))
    ledger.add(.seconds(1), of: Spending(account: "bob"), at: .seconds(10))
    #expect(used(ledger, .account("bob"), at: .seconds(86_399)) == .seconds(43))
    #expect(used(ledger, .account("bob"), at: .seconds(86_400)) == .seconds(1))
    #expect(used(ledger, .account("bob"), at: .seconds(87_000)) == .zero)
  }
}
