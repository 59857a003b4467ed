import CallControl
import LineHarness
import Numbering
import RealTime
import SIP
import TelephonyHAL
import Testing

/// Calls from telephones: caller ID, ringing that stops, fallback, refusal.
@Suite struct InboundTests {
  private func world(
    _ country: Country = .japan, _ format: CallerID.Format = .bell, lines: Int = 1, _ change: (inout WorldConfiguration) -> Void = { _ in }
  ) throws -> VirtualWorld {
    try VirtualWorld.make(country, lines: lines) {
      $0.exchange.line = SimulatorConfiguration.Line(callerIDType: format)
      $0.control.inbound.destinations = [.uri("sip:bob@192.0.2.10")]
      change(&$0)
    }
  }

  private func ring(_ world: VirtualWorld, _ identity: SimulatorConfiguration.Identity?, _ phone: VirtualSoftphone) throws -> IncomingInvite
  {
    world.telephone(.call(number: Numbers.speaks, line: "line1", identity: identity))
    let rings = world.run(atMost: 20_000) { _ in phone.call != nil }
    try #require(rings)
    return try #require(phone.call?.invite)
  }

  private static let formats: [(Country, CallerID.Format)] = [
    (.japan, .jpDisplay), (.japan, .etsiDTMF), (.unitedStates, .bell), (.unitedKingdom, .etsiFSK), (.germany, .etsiFSK),
    (.germany, .etsiDTMF),
  ]

  @Test(arguments: formats) func theCallerIsShown(country: Country, format: CallerID.Format) throws {
    let world = try world(country, format)
    let bob = world.addSoftphone("bob")
    let invite = try ring(world, .number("0312345678"), bob)
    #expect(invite.from.uri.user == "0312345678")
    #expect(invite.assertedIdentities.first?.uri.user == "0312345678")
    #expect(invite.privacy == [])
    let isAnswered = world.run(atMost: 5_000) { _ in bob.call?.answeredAt != nil }
    #expect(isAnswered)
    world.run(milliseconds: 2_000)
    world.hangUp(bob)
    world.expectNothingLeft()
    let record = try #require(world.records.first)
    #expect(record.number == "0312345678")
    #expect(record.end?.by == .callee)
  }

  @Test(arguments: formats) func aWithheldNumberStaysWithheld(country: Country, format: CallerID.Format) throws {
    let world = try world(country, format)
    let bob = world.addSoftphone("bob")
    let invite = try ring(world, .withheld, bob)
    #expect(invite.from.uri.host == "anonymous.invalid")
    #expect(invite.privacy.contains("id"))
    #expect(invite.assertedIdentities.isEmpty)
    #expect(!invite.request.serialize().contains("0333331234"))
    world.telephone(.hangUp(number: Numbers.speaks))
    world.expectNothingLeft()
  }

  @Test func theLineStaysOnHookUntilASoftphoneAnswers() throws {
    let world = try world()
    let bob = world.addSoftphone("bob") { $0.answersAfter = .milliseconds(6_000) }
    _ = try ring(world, nil, bob)
    world.run(milliseconds: 5_500)
    #expect(world.command(.answer) == nil)
    world.run(milliseconds: 1_000)
    #expect(world.command(.answer) != nil)
    #expect(world.exchange.control.state(of: Numbers.speaks)?.calls.last?.phase == .talking)
    world.telephone(.hangUp(number: Numbers.speaks))
    world.expectNothingLeft()
    #expect(world.records.first?.end?.by == .caller)
  }

  @Test func ringingThatStopsCancelsTheSoftphones() throws {
    let world = try world()
    let bob = world.addSoftphone("bob") { $0.answersAfter = nil }
    _ = try ring(world, nil, bob)
    world.run(milliseconds: 4_000)
    let start = world.now
    world.telephone(.hangUp(number: Numbers.speaks))
    let isCancelled = world.run(atMost: 10_000) { _ in bob.call?.isOver == true }
    #expect(isCancelled)
    // Japan's ringing is silent for 2 s; then comes the tenth and 400 ms that the line card waits.
    #expect(world.now - start <= .milliseconds(2_650), "\((world.now - start).milliseconds) ms")
    world.expectNothingLeft()
    #expect(world.records.first?.end?.cause == .callerGaveUp)
    #expect(world.lineCommands.allSatisfy { $0.item != .answer })
  }

  @Test func nobodyAnswersSoTheFallbackRings() throws {
    let world = try world {
      $0.control.inbound.fallback = [.uri("sip:eve@192.0.2.11")]
      $0.control.inbound.ringing = .seconds(8)
    }
    let bob = world.addSoftphone("bob") { $0.answersAfter = nil }
    let eve = world.addSoftphone("eve")
    _ = try ring(world, nil, bob)
    let start = world.now
    let isAnswered = world.run(atMost: 12_000) { _ in eve.call?.answeredAt != nil }
    #expect(isAnswered)
    #expect(world.now - start >= .seconds(8))
    #expect(bob.call?.isOver == true)
    world.run(milliseconds: 500)
    world.hangUp(eve)
    world.expectNothingLeft()
    #expect(world.records.first?.answeredAt != nil)
  }

  @Test func aRefusalGoesToTheFallbackAtOnce() throws {
    let world = try world { $0.control.inbound.fallback = [.uri("sip:eve@192.0.2.11")] }
    let bob = world.addSoftphone("bob") { $0.refusesWith = 486 }
    let eve = world.addSoftphone("eve")
    _ = try ring(world, nil, bob)
    let isAnswered = world.run(atMost: 2_000) { _ in eve.call?.answeredAt != nil }
    #expect(isAnswered)
    world.run(milliseconds: 500)
    world.hangUp(eve)
    world.expectNothingLeft()
  }

  /// Several ring; the first that answers has it, the others are told that it was answered elsewhere.
  @Test func theFirstToAnswerHasTheCall() throws {
    let world = try world { $0.control.inbound.destinations = [.uri("sip:bob@192.0.2.10"), .uri("sip:eve@192.0.2.11")] }
    let bob = world.addSoftphone("bob") { $0.answersAfter = .milliseconds(3_000) }
    let eve = world.addSoftphone("eve") { $0.answersAfter = .milliseconds(1_000) }
    _ = try ring(world, nil, bob)
    world.run(milliseconds: 5_000)
    #expect(eve.call?.answeredAt != nil)
    #expect(bob.call?.happenings.last == .cancelled(.sip(200, "Call completed elsewhere")))
    world.hangUp(eve)
    world.expectNothingLeft()
    #expect(world.records.count == 1)
  }

  /// Japan's caller hangs up between the display and the first ring: the line is free again.
  @Test func aCallerWhoNeverRangLeavesTheLineFree() throws {
    let world = try world(.japan, .jpDisplay)
    _ = world.addSoftphone("bob")
    world.telephone(.call(number: Numbers.speaks, line: "line1", identity: nil))
    let isTold = world.run(atMost: 10_000) { world in world.lineEvents.contains { if case .callerID = $0.item { true } else { false } } }
    try #require(isTold)
    world.telephone(.hangUp(number: Numbers.speaks))
    world.expectNothingLeft()
    #expect(world.records.first?.end?.cause == .callerGaveUp)
  }
}

extension [UInt8] {
  func contains(_ text: String) -> Bool { String(decoding: self, as: UTF8.self).contains(text) }
}
