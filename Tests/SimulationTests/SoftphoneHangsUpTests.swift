import CallControl
import LineHarness
import RealTime
import TelephonyHAL
import Testing

/// The softphone hangs up, in each state: the line is on hook within 200 ms, free after the guard time, and the exchange sees it.
@Suite struct SoftphoneHangsUpTests {
  enum Moment: String, CaseIterable {
    /// The line is off hook, no dial tone yet.
    case seized
    case dialTone
    case dialling
    case dialled
    case ringing
    case talking
  }

  /// Runs until the call is there.
  private func reach(_ moment: Moment, _ world: VirtualWorld, _ call: SoftphoneCall) -> Bool {
    switch moment {
    case .seized: world.run(atMost: 5_000) { $0.event(.seized) != nil }
    case .dialTone: world.run(atMost: 5_000) { world in world.event(.seized).map { world.now >= $0 + .milliseconds(400) } ?? false }
    case .dialling: world.run(atMost: 5_000) { world in world.event(.seized).map { world.now >= $0 + .milliseconds(1_800) } ?? false }
    case .dialled: world.run(atMost: 20_000) { _ in call.happenings.contains(.provisional(183, hasSDP: true)) }
    case .ringing: world.run(atMost: 20_000) { _ in call.happenings.contains(.provisional(180, hasSDP: false)) }
    case .talking: world.run(atMost: 30_000) { _ in call.answeredAt != nil }
    }
  }

  @Test(arguments: Moment.allCases) func theLineIsFreedAtOnce(moment: Moment) throws {
    let phones = [Phone(number: Numbers.speaks, answersAfterMilliseconds: 8_000)]
    let world = try VirtualWorld.make(lines: 1, phones: phones)
    let bob = world.addSoftphone("bob")
    let call = try #require(world.call(Numbers.speaks, from: bob))
    let isThere = reach(moment, world, call)
    try #require(isThere, "\(call.happenings)")
    world.run(milliseconds: 70)
    let start = world.now
    world.hangUp(bob)
    world.run(milliseconds: 1_500)
    let onHook = try #require(world.event(.onHook, after: start))
    #expect(onHook - start <= .milliseconds(200), "\((onHook - start).milliseconds) ms")
    #expect(world.exchange.activeCalls == 0)
    let state = world.exchange.control.state(of: Numbers.speaks)?.calls.last
    if moment == .ringing || moment == .talking { #expect(state?.end == .line) }

    // Free after the guard time, to the step.
    let eve = world.addSoftphone("eve")
    world.call(Numbers.speaks, from: eve)
    world.run(milliseconds: 3_000)
    let seized = try #require(world.command(.seize, after: start))
    #expect(seized - onHook == .seconds(2))
    world.hangUp(eve)
    world.expectNothingLeft()
    let record = try #require(world.records.first)
    #expect(record.end?.cause == (moment == .talking ? .normalClearing : .callerGaveUp))
    #expect(record.end?.by == .caller)
  }

  @Test func beforeALineIsSeized() throws {
    let world = try VirtualWorld.make(lines: 1)
    let bob = world.addSoftphone("bob")
    world.call(Numbers.speaks, from: bob)
    world.run(atMost: 5_000) { $0.event(.seized) != nil }
    world.hangUp(bob)
    // The only line is guarded: the next call waits for it, and gives up.
    world.run(milliseconds: 300)
    let eve = world.addSoftphone("eve")
    let call = try #require(world.call(Numbers.speaks, from: eve))
    world.run(milliseconds: 500)
    #expect(world.lineCommands.count { $0.item == .seize } == 1)
    world.hangUp(eve)
    world.run(milliseconds: 100)
    #expect(call.isOver)
    world.expectNothingLeft()
    #expect(world.lineCommands.count { $0.item == .seize } == 1)
    #expect(world.records.map(\.end?.cause) == [.callerGaveUp, .callerGaveUp])
  }
}
