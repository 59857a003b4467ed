import CallControl
import Numbering
import SIP
import TelephonyHAL
import Testing

/// What operators ask for: hang up, place, drain, reload.
@Suite struct OperatorTests {
  @Test func hangUp() {
    let rig = Rig(lines: 1)
    let phone = rig.addSoftphone("bob", port: 5070)
    rig.act(phone) { $0.call("0333331234", $1) }
    rig.run(for: .seconds(10))
    #expect(rig.controller.hangUp(CallID(rawValue: 99), now: rig.now) == false)
    #expect(rig.controller.hangUp(CallID(rawValue: 1), now: rig.now) == true)
    rig.run(for: .milliseconds(100))
    #expect(phone.seen.last == .ended(cause: 31))
    rig.expectAllIsOver()
    #expect(rig.lastRecord()?.end?.cause == .operatorHangUp)
  }

  @Test func placeRingsThenDials() throws {
    let rig = Rig(lines: 1)
    let phone = rig.addSoftphone("bob", port: 5070)
    _ = try rig.controller.place("03-3333-1234", to: .uri("sip:bob@192.0.2.10:5070"), now: rig.now)
    rig.run(for: .seconds(2))
    #expect(phone.seen == [.incoming])
    #expect(phone.lastInvite?.from.uri.user == "+81333331234")
    #expect(rig.commands(to: "line1") == [.hangUp])
    rig.act(phone) { $0.answer($1) }
    rig.run(for: .seconds(10))
    #expect(rig.commands(to: "line1") == [.hangUp, .seize])
    let running = rig.controller.runningCalls.first
    #expect(running?.state == .talking)
    #expect(running?.number == "+81333331234")
    rig.act(phone) { $0.hangUp($1) }
    rig.expectAllIsOver()
    #expect(rig.lastRecord()?.end?.by == .caller)
  }

  @Test func placeToABusyTelephoneEndsTheSoftphonesLeg() throws {
    let rig = Rig(lines: 1)
    let phone = rig.addSoftphone("bob", port: 5070)
    _ = try rig.controller.place("0333330001", to: .uri("sip:bob@192.0.2.10:5070"), now: rig.now)
    rig.run(for: .seconds(1))
    rig.act(phone) { $0.answer($1) }
    rig.run(for: .seconds(10))
    #expect(phone.seen.last == .ended(cause: 17))
    #expect(rig.lastRecord()?.end?.cause == .busy)
    rig.expectAllIsOver()
  }

  @Test func placeToNobody() throws {
    let rig = Rig(lines: 1)
    _ = try rig.controller.place("0333331234", to: .account("bob"), now: rig.now)
    rig.run(for: .seconds(1))
    #expect(rig.lastRecord()?.end?.cause == .nobodyReachable)
    rig.expectAllIsOver()
  }

  @Test func placeIsRefusedByRule() {
    let rig = Rig(lines: 1)
    #expect(throws: EndReason.self) { try rig.controller.place("09012345678", to: .account("bob"), now: rig.now) }
    rig.expectAllIsOver()
    #expect(rig.records.isEmpty)
  }

  @Test func drainWithoutCallsIsDoneAtOnce() {
    let rig = Rig(lines: 1)
    rig.controller.drain(until: rig.now + .seconds(30), now: rig.now)
    rig.run(for: .zero)
    #expect(rig.isDrained)
    let isIdle = rig.controller.isIdle
    #expect(isIdle)
  }

  @Test func drainLetsCallsEndAndTakesNoNewOnes() {
    let rig = Rig(lines: 2)
    let first = rig.addSoftphone("bob", port: 5070)
    let second = rig.addSoftphone("eve", port: 5071)
    rig.act(first) { $0.call("0333331234", $1) }
    rig.run(for: .seconds(10))
    rig.controller.drain(until: rig.now + .seconds(30), now: rig.now)
    rig.act(second) { $0.call("0333331234", $1) }
    #expect(second.seen.last == .failed(503, cause: 41))
    rig.lineEvent(LineID("line2"), .ringing(burst: 1))
    #expect(rig.controller.runningCalls.count == 1)
    rig.run(for: .seconds(10))
    #expect(!rig.isDrained)
    rig.act(first) { $0.hangUp($1) }
    rig.run(for: .milliseconds(100))
    #expect(rig.isDrained)
    #expect(rig.records.map { $0.end?.cause } == [.shuttingDown, .normalClearing])
  }

  @Test func drainEndsCallsAtItsDeadline() {
    let rig = Rig(lines: 1)
    let phone = rig.addSoftphone("bob", port: 5070)
    rig.act(phone) { $0.call("0333331234", $1) }
    rig.run(for: .seconds(10))
    rig.controller.drain(until: rig.now + .seconds(30), now: rig.now)
    rig.run(for: .seconds(30))
    #expect(phone.seen.last == .ended(cause: 41))
    rig.run(for: .milliseconds(100))
    #expect(rig.isDrained)
    #expect(rig.commands(to: "line1").last == .hangUp)
  }

  /// The last BYE may get lost: it is sent again before the gateway goes.
  @Test func drainWaitsForTheAnswerToTheLastBye() {
    let rig = Rig(lines: 1)
    let phone = rig.addSoftphone("bob", port: 5070)
    rig.act(phone) { $0.call("0333331234", $1) }
    rig.run(for: .seconds(10))
    phone.isDead = true
    rig.controller.endAllCalls(now: rig.now)
    rig.controller.drain(until: rig.now + .seconds(30), now: rig.now)
    rig.run(for: .milliseconds(700))
    #expect(rig.records.count == 1)
    #expect(!rig.isDrained)
    phone.isDead = false
    rig.run(for: .seconds(1))
    #expect(phone.seen.last == .ended(cause: 41))
    #expect(rig.isDrained)
  }

  @Test func drainDoesNotWaitForTheDead() {
    let rig = Rig(lines: 1)
    let phone = rig.addSoftphone("bob", port: 5070)
    rig.act(phone) { $0.call("0333331234", $1) }
    rig.run(for: .seconds(10))
    phone.isDead = true
    rig.controller.endAllCalls(now: rig.now)
    rig.controller.drain(until: rig.now + .seconds(30), now: rig.now)
    rig.run(for: .milliseconds(1900))
    #expect(!rig.isDrained)
    rig.run(for: .milliseconds(300))
    #expect(rig.isDrained)
  }

  @Test func reloadLeavesCallsUntouched() {
    let rig = Rig(lines: 1)
    let phone = rig.addSoftphone("bob", port: 5070)
    rig.act(phone) { $0.call("0333331234", $1) }
    rig.run(for: .seconds(10))
    var configuration = rig.controller.configuration
    configuration.lines = Rig.lineConfigurations(1, first: 2)
    configuration.outbound.rules = []
    rig.lines[LineID("line2")] = configuration.lines.first.map { FakeLine(configuration: $0) }
    rig.controller.reload(configuration, now: rig.now)
    rig.run(for: .seconds(1))
    #expect(rig.commands(to: "line2") == [.hangUp])
    #expect(rig.controller.runningCalls.first?.state == .talking)
    rig.act(phone) { $0.hangUp($1) }
    rig.expectAllIsOver()
    #expect(rig.controller.pool.all.map(\.id) == [LineID("line2")])
    rig.act(phone) { $0.call("0333331234", $1) }
    #expect(phone.seen.last == .failed(403, cause: 21))
    rig.expectAllIsOver()
  }

  @Test func unreadableRulesAreReported() {
    let rig = Rig(lines: 1) { $0.outbound.rules.append(.init(match: "abc", action: .deny)) }
    let reported = rig.notices.contains { if case .ruleIgnored = $0 { true } else { false } }
    #expect(reported)
  }
}
