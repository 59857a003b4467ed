import CallControl
import LineHarness
import RealTime
import SDP
import SIP
import TelephonyHAL
import Testing

/// Calls that meet on the lines, and softphones that vanish.
@Suite struct SharedLineTests {
  @Test func anEmergencyCallEndsTheNewestOther() throws {
    let world = try VirtualWorld.make(lines: 2)
    let bob = world.addSoftphone("bob")
    let eve = world.addSoftphone("eve")
    let mallory = world.addSoftphone("mallory")
    let first = try world.talk(Numbers.speaks, bob)
    let second = try world.talk(Numbers.echoes, eve)
    let start = world.now
    let emergency = try #require(world.call("110", from: mallory))
    world.run(milliseconds: 100)
    #expect(second.endedByGateway?.reason == .q850(8, "pre-empted by an emergency call"))
    #expect(!first.isOver)
    let isAnswered = world.run(atMost: 15_000) { _ in emergency.answeredAt != nil }
    #expect(isAnswered)
    let seized = try #require(world.command(.seize, after: start))
    let onHook = try #require(world.event(.onHook, after: start))
    #expect(seized - onHook == .seconds(2))
    world.hangUp(bob)
    world.hangUp(mallory)
    world.expectNothingLeft()
    let record = try #require(world.records.first { $0.isEmergency })
    #expect(record.notes == ["call 2 was ended to free line2 for this emergency call"])
    #expect(world.records.first { $0.id.rawValue == 2 }?.end?.cause == .preempted)
  }

  @Test func anEmergencyCallNeedsNoRule() throws {
    let world = try VirtualWorld.make(lines: 1) { $0.control.outbound.rules = [.init(match: "*", action: .deny)] }
    let bob = world.addSoftphone("bob")
    _ = try world.talk("110", bob)
    world.hangUp(bob)
    world.expectNothingLeft()
  }

  /// The telephone calls a line whose ring control does not know of yet: the inbound call has it, the outbound one takes another.
  @Test(arguments: [0, 5, 10, 15, 20]) func inboundWinsAndTheOutboundCallTakesAnotherLine(lead: Int) throws {
    let world = try VirtualWorld.make(lines: 2) {
      $0.lineEventDelay = .milliseconds(40)
      $0.control.inbound.destinations = [.uri("sip:eve@192.0.2.11")]
    }
    let bob = world.addSoftphone("bob")
    let eve = world.addSoftphone("eve")
    world.telephone(.call(number: Numbers.speaks, line: "line1", identity: nil))
    world.run(milliseconds: 10 + lead)
    let start = world.now
    let call = try #require(world.call(Numbers.echoes, from: bob))
    let isAnswered = world.run(atMost: 20_000) { _ in call.answeredAt != nil && eve.call?.answeredAt != nil }
    #expect(isAnswered)
    #expect(world.command(.seize, after: start).map { $0 - start <= .milliseconds(2) } == true)
    world.run(milliseconds: 1_000)
    #expect(world.exchange.activeCalls == 2)
    world.hangUp(bob)
    world.hangUp(eve)
    world.expectNothingLeft()
    let outbound = try #require(world.records.first { $0.direction == .outbound })
    #expect(outbound.notes == ["an inbound call took line1"])
    #expect(outbound.line == LineID("line2"))
    #expect(outbound.end?.cause == .normalClearing)
    #expect(world.records.first { $0.direction == .inbound }?.answeredAt != nil)
  }

  /// The line is off hook a moment before the telephone calls it: the exchange says that it is busy.
  @Test func aTelephoneThatIsTooLateFindsTheLineBusy() throws {
    let world = try VirtualWorld.make(lines: 1)
    let bob = world.addSoftphone("bob")
    let call = try #require(world.call(Numbers.echoes, from: bob))
    world.telephone(.call(number: Numbers.speaks, line: "line1", identity: nil))
    world.run(milliseconds: 2)
    world.telephone(.call(number: Numbers.speaks, line: "line1", identity: nil))
    let isAnswered = world.run(atMost: 20_000) { _ in call.answeredAt != nil }
    #expect(isAnswered)
    #expect(world.exchange.control.state(of: Numbers.speaks)?.calls.map(\.end) == [.lineBusy, .lineBusy])
    world.hangUp(bob)
    world.expectNothingLeft()
  }

  @Test func aCallWaitsForTheOnlyLineThatIsGuarded() throws {
    let world = try VirtualWorld.make(lines: 1)
    let bob = world.addSoftphone("bob")
    _ = try world.talk(Numbers.echoes, bob)
    let start = world.now
    world.hangUp(bob)
    world.run(milliseconds: 50)
    let eve = world.addSoftphone("eve")
    _ = try world.talk(Numbers.speaks, eve)
    let onHook = try #require(world.event(.onHook, after: start))
    #expect(world.command(.seize, after: start).map { $0 - onHook } == .seconds(2))
    world.hangUp(eve)
    world.expectNothingLeft()
  }

  /// No packets, no answers: the line is free within 30 s.
  @Test(arguments: [false, true]) func aDeadSoftphoneFreesTheLine(isHeld: Bool) throws {
    let world = try VirtualWorld.make(lines: 1)
    let bob = world.addSoftphone("bob")
    let call = try world.talk(Numbers.speaks, bob)
    world.run(milliseconds: 2_000)
    if isHeld {
      bob.offer(.sendOnly, in: call, now: world.now)
      world.run(milliseconds: 1_000)
    }
    let died = world.now
    bob.isDead = true
    let isFreed = world.run(atMost: 40_000) { $0.event(.onHook, after: died) != nil }
    #expect(isFreed)
    #expect(world.now - died <= .seconds(30), "\((world.now - died).milliseconds) ms")
    world.expectNothingLeft()
    #expect(world.records.first?.end?.cause == .peerLost)
  }

  /// Muted for long, but there: it answers when asked.
  @Test func aMutedSoftphoneKeepsItsCall() throws {
    let world = try VirtualWorld.make(lines: 1)
    let bob = world.addSoftphone("bob")
    let call = try world.talk(Numbers.speaks, bob)
    call.stream.isSending = false
    world.run(milliseconds: 60_000)
    #expect(!call.isOver)
    world.hangUp(bob)
    world.expectNothingLeft()
  }

  @Test func aLineThatFailsEndsItsCallAndComesBack() throws {
    let world = try VirtualWorld.make(lines: 1)
    let bob = world.addSoftphone("bob")
    let call = try world.talk(Numbers.speaks, bob)
    world.failLine(LineID("line1"))
    world.run(milliseconds: 100)
    #expect(call.endedByGateway?.reason?.cause == 27)
    world.recoverLine(LineID("line1"))
    world.run(milliseconds: 2_500)
    _ = try world.talk(Numbers.echoes, bob)
    world.hangUp(bob)
    world.expectNothingLeft()
    #expect(world.records.map(\.end?.cause) == [.lineFailure, .normalClearing])
  }
}
