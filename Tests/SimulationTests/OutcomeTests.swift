import CallControl
import LineHarness
import Numbering
import RealTime
import SIP
import TelephonyHAL
import Testing

/// How calls fail: final response, Reason header and record say the same.
@Suite struct OutcomeTests {
  /// The one call of a new softphone, once it is over.
  private func refusal(_ world: VirtualWorld, _ number: String, within limit: Int = 40_000) throws -> (status: Int, end: EndReason) {
    let phone = world.addSoftphone("caller")
    let call = try #require(world.call(number, from: phone))
    let isOver = world.run(atMost: limit) { _ in call.isOver }
    try #require(isOver, "\(call.happenings)")
    let end = try #require(call.endedByGateway)
    let status = try #require(end.status)
    world.run(milliseconds: 3_000)
    let record = try #require(world.records.last)
    let reason = try #require(record.end)
    #expect(status == reason.cause.status)
    #expect(end.reason == .q850(reason.cause.q850, reason.cause.text))
    return (status, reason)
  }

  private func expect(
    _ world: VirtualWorld, _ number: String, _ status: Int, _ q850: Int, by party: CallParty, _ location: SourceLocation = #_sourceLocation
  ) throws -> EndReason {
    let outcome = try refusal(world, number)
    #expect(outcome.status == status, "\(outcome.end)", sourceLocation: location)
    #expect(outcome.end.cause.q850 == q850, sourceLocation: location)
    #expect(outcome.end.by == party, sourceLocation: location)
    world.expectNothingLeft(location)
    return outcome.end
  }

  private func world(_ country: Country, _ change: (inout WorldConfiguration) -> Void = { _ in }) throws -> VirtualWorld {
    let number = TelephoneHangsUpTests.number(country)
    return try VirtualWorld.make(country, phones: [Phone(number: number, state: .busy), Phone(number: "0")], change)
  }

  @Test(arguments: Country.allCases) func busy(country: Country) throws {
    let end = try expect(world(country), TelephoneHangsUpTests.number(country), 486, 17, by: .callee)
    #expect(end.evidence.contains("may be congestion") == (country == .japan))
  }

  @Test(arguments: Country.allCases) func unallocated(country: Country) throws {
    let number = String(TelephoneHangsUpTests.number(country).dropLast()) + "9"
    _ = try expect(world(country), number, 404, 1, by: .callee)
  }

  @Test(arguments: [Country.unitedStates, .unitedKingdom, .germany]) func congestion(country: Country) throws {
    let number = TelephoneHangsUpTests.number(country)
    let world = try VirtualWorld.make(country, phones: [Phone(number: number)]) { $0.exchange.trunks = 0 }
    _ = try expect(world, number, 503, 42, by: .callee)
  }

  @Test func congestionInJapanSoundsLikeBusyAndSaysSo() throws {
    let world = try VirtualWorld.make { $0.exchange.trunks = 0 }
    let end = try expect(world, Numbers.speaks, 486, 17, by: .callee)
    #expect(end.evidence.contains("busy tone, may be congestion"))
  }

  @Test func noAnswer() throws {
    let world = try VirtualWorld.make { $0.control.outbound.limits.ringing = .seconds(20) }
    _ = try expect(world, Numbers.neverAnswers, 480, 19, by: .callee)
  }

  @Test func allLinesBusy() throws {
    let world = try VirtualWorld.make(lines: 1)
    let bob = world.addSoftphone("bob")
    _ = try world.talk(Numbers.speaks, bob)
    let outcome = try refusal(world, Numbers.echoes)
    #expect(outcome.status == 503)
    #expect(outcome.end.cause == .allLinesBusy)
    world.hangUp(bob)
    world.expectNothingLeft()
  }

  @Test func rejectedByRule() throws {
    let world = try VirtualWorld.make { $0.control.outbound.rules.append(.init(match: "+8190*", action: .deny)) }
    _ = try expect(world, "09012345678", 403, 21, by: .gateway)
    #expect(world.lineCommands.count { $0.item == .seize } == 0)
  }

  @Test(arguments: ["abc", "0", "03abc"]) func badNumber(number: String) throws {
    let world = try VirtualWorld.make()
    _ = try expect(world, number, 484, 28, by: .gateway)
  }

  @Test func noDialToneOnAnyLine() throws {
    let world = try VirtualWorld.make(lines: 2)
    world.setDeaf(LineID("line1"), true)
    world.setDeaf(LineID("line2"), true)
    let end = try expect(world, Numbers.speaks, 503, 27, by: .gateway)
    #expect(end.cause == .noDialTone)
    #expect(world.records.first?.notes.count == 2)
  }

  @Test func aDeadLineIsPassedOver() throws {
    let world = try VirtualWorld.make(lines: 2)
    world.setDeaf(LineID("line1"), true)
    let bob = world.addSoftphone("bob")
    _ = try world.talk(Numbers.speaks, bob)
    world.hangUp(bob)
    world.expectNothingLeft()
    #expect(world.records.first?.line == LineID("line2"))
    #expect(world.records.first?.notes == ["line1 is suspect: it gave no dial tone within 3 s"])
  }
}
