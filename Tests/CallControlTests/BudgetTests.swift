import CallControl
import Numbering
import SIP
import TelephonyHAL
import Testing

/// Minutes a day of accounts, lines and destination classes.
@Suite struct BudgetTests {
  private func rig(_ budgets: [Budget], lines: Int = 2, classes: [String: [String]] = [:]) -> (Rig, bob: Softphone, eve: Softphone) {
    let rig = Rig(lines: lines) {
      $0.userAgent.trusted = []
      $0.outbound.rules = [.init(match: "*", action: .groups(["pstn"]))]
      $0.outbound.budgets = budgets
      $0.outbound.classes = classes
    }
    for number in ["0333331234", "0990123456", "0015551234567"] { rig.telephones[number] = .answers(after: .seconds(1)) }
    rig.telephones["01015551234567"] = .answers(after: .seconds(1))
    let phones = [("bob", "secret"), ("eve", "hidden")].map { user, password in
      let phone = rig.addSoftphone(user, port: 5070)
      phone.credentials = [SIPCredentials(user: user, password: password)]
      return phone
    }
    return (rig, phones[0], phones[1])
  }

  private func talk(_ rig: Rig, _ phone: Softphone, _ number: String = "0333331234", seconds: Int) {
    rig.act(phone) { $0.call(number, $1) }
    rig.run(for: .seconds(6))
    #expect(phone.seen.last == .answered)
    rig.run(for: .seconds(seconds))
    rig.act(phone) { $0.hangUp($1) }
    rig.run(for: .seconds(3))
  }

  @Test func accountHasItsOwnMinutes() {
    let (rig, bob, eve) = rig([Budget(.account("bob"), minutesPerDay: 1)])
    rig.act(bob) { $0.call("0333331234", $1) }
    rig.act(eve) { $0.call("0333331234", $1) }
    rig.run(for: .seconds(100))
    #expect(bob.seen.last == .ended(cause: 21))
    #expect(eve.seen.last == .answered)
    #expect(rig.lastRecord()?.talkTime == .seconds(60))
    #expect(rig.lastRecord()?.end?.evidence == "ended because the 1 minutes a day of account bob were spent")
    rig.act(bob) { $0.call("0333331234", $1) }
    #expect(bob.seen.last == .failed(403, cause: 21))
    rig.act(bob) { $0.call("110", $1) }
    rig.run(for: .seconds(10))
    #expect(bob.seen.last == .answered)
    for phone in [bob, eve] { rig.act(phone) { $0.hangUp($1) } }
    rig.expectAllIsOver()
    // A day later there is talk again.
    rig.run(for: .seconds(24 * 3600 + 600))
    talk(rig, bob, seconds: 5)
    rig.expectAllIsOver()
  }

  /// Two calls at once use twice as much.
  @Test func callsAtTheSameTimeShareABudget() {
    let (rig, bob, _) = rig([Budget(.everyAccount, minutesPerDay: 1)])
    rig.act(bob) { $0.call("0333331234", $1) }
    rig.run(for: .seconds(10))
    rig.act(bob) { $0.call("0333331234", $1) }
    rig.run(for: .seconds(60))
    let talked = rig.records.map(\.talkTime).reduce(.zero, +)
    #expect(rig.records.count == 2)
    #expect(talked == .seconds(60))
    rig.expectAllIsOver()
  }

  @Test func classesOfNumbers() {
    let classes = ["premium": ["+81990*"]]
    let (rig, bob, eve) = rig(
      [
        Budget(.everyAccount, destinationClass: "premium", minutesPerDay: 0),
        Budget(.everybody, destinationClass: "international", minutesPerDay: 1),
      ],
      classes: classes)
    rig.act(bob) { $0.call("0990123456", $1) }
    #expect(bob.seen.last == .failed(403, cause: 21))
    talk(rig, bob, seconds: 100)
    rig.act(eve) { $0.call("+15551234567", $1) }
    rig.run(for: .seconds(100))
    #expect(eve.seen.last == .ended(cause: 21))
    #expect(rig.records.last?.talkTime == .seconds(60))
    rig.act(bob) { $0.call("+15551234567", $1) }
    #expect(bob.seen.last == .failed(403, cause: 21))
    #expect(rig.records.last?.end?.evidence == "ended because the 1 minutes a day for international numbers are spent")
    talk(rig, bob, seconds: 10)
    rig.expectAllIsOver()
  }

  @Test func classesAreFound() {
    let classes = DestinationClasses(["premium": ["+81990*", "0570*"], "mobile": ["+8190*", "+8180*"], "bad": ["x"]], country: .japan)
    #expect(classes.classes(of: "+81990123456") == ["premium", "national"])
    #expect(classes.classes(of: "+819012345678") == ["mobile", "national"])
    #expect(classes.classes(of: "+15551234567") == ["international"])
    #expect(classes.classes(of: "0570123") == ["premium"])
    #expect(classes.classes(of: "117") == [])
    #expect(classes.unreadable.count == 1)
  }

  @Test func lineThatHasSpentItsMinutesIsPassedOver() {
    let (rig, bob, _) = rig([Budget(.line(LineID("line1")), minutesPerDay: 1)])
    rig.act(bob) { $0.call("0333331234", $1) }
    rig.run(for: .seconds(100))
    #expect(rig.lastRecord()?.line == LineID("line1"))
    #expect(rig.records.last?.talkTime == .seconds(60))
    for _ in 0..<2 {
      talk(rig, bob, seconds: 5)
      #expect(rig.records.last?.line == LineID("line2"))
    }
    rig.act(bob) { $0.call("110", $1) }
    rig.run(for: .seconds(10))
    // The emergency call takes what has rested longest.
    #expect(rig.controller.runningCalls.first?.line == LineID("line1"))
    rig.act(bob) { $0.hangUp($1) }
    rig.expectAllIsOver()
  }

  @Test func talkOfAnEarlierRunCounts() {
    let (rig, bob, _) = rig([Budget(.account("bob"), destinationClass: "national", minutesPerDay: 1)])
    rig.controller.restoreUsage([
      PastTalk(account: "bob", line: LineID("line1"), number: "+81333331234", endedAt: .seconds(-100), length: .seconds(50)),
      PastTalk(account: "bob", line: nil, number: "+15551234567", endedAt: .seconds(-90), length: .seconds(5000)),
      PastTalk(account: "eve", line: nil, number: "+81333331234", endedAt: .seconds(-80), length: .seconds(5000)),
    ])
    rig.act(bob) { $0.call("0333331234", $1) }
    rig.run(for: .seconds(60))
    #expect(bob.seen.last == .ended(cause: 21))
    #expect(rig.lastRecord()?.talkTime == .seconds(10))
    rig.expectAllIsOver()
  }

  @Test func reloadTakesNewBudgets() {
    let (rig, bob, _) = rig([])
    rig.act(bob) { $0.call("0333331234", $1) }
    rig.run(for: .seconds(100))
    var configuration = rig.controller.configuration
    configuration.outbound.budgets = [Budget(.everyLine, minutesPerDay: 2)]
    rig.controller.reload(configuration, now: rig.now)
    rig.run(for: .seconds(60))
    #expect(bob.seen.last == .ended(cause: 21))
    #expect(rig.lastRecord()?.talkTime == .seconds(120))
    rig.expectAllIsOver()
  }
}
