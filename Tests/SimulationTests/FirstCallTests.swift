import CallControl
import LineHarness
import TelephonyHAL
import Testing

/// A softphone calls a telephone, everything between them real.
@Suite struct FirstCallTests {
  @Test func aSoftphoneCallsATelephone() throws {
    let world = try VirtualWorld.make()
    let bob = world.addSoftphone("bob")
    let call = try world.talk(Numbers.speaks, bob)
    #expect(call.happenings.contains(.provisional(183, hasSDP: true)))
    #expect(call.happenings.contains(.provisional(180, hasSDP: false)))
    world.run(milliseconds: 2_000)
    #expect(world.exchange.activeCalls == 1)
    world.hangUp(bob)
    world.expectNothingLeft()
    let record = try #require(world.records.first)
    #expect(record.answer == .polarityReversal)
    #expect(record.end?.cause == .normalClearing)
    #expect(record.end?.by == .caller)
    #expect(record.number == "+81333331234")
  }

  @Test func aTelephoneCallsASoftphone() throws {
    let world = try VirtualWorld.make { $0.control.inbound.destinations = [.uri("sip:bob@192.0.2.10")] }
    let bob = world.addSoftphone("bob")
    world.telephone(.call(number: Numbers.speaks, line: "line1", identity: nil))
    let isAnswered = world.run(atMost: 20_000) { _ in bob.call?.answeredAt != nil }
    #expect(isAnswered)
    world.run(milliseconds: 2_000)
    #expect(world.exchange.control.state(of: Numbers.speaks)?.calls.last?.phase == .talking)
    world.telephone(.hangUp(number: Numbers.speaks))
    world.expectNothingLeft()
    let record = try #require(world.records.first)
    #expect(record.direction == .inbound)
    #expect(record.number == Numbers.speaks)
    #expect(record.end?.by == .caller)
  }

  @Test func theSameSeedGivesTheSameTrace() throws {
    func play(_ seed: UInt64) throws -> Trace {
      let world = try VirtualWorld.make(seed: seed) {
        $0.signalling = NetworkConditions(loss: 0.1, duplication: 0.1, reordering: 0.2)
        $0.audio = NetworkConditions(loss: 0.05, duplication: 0.05, reordering: 0.1)
      }
      let bob = world.addSoftphone("bob") { $0.says = .tone(700, dbm0: -12) }
      world.call(Numbers.speaks, from: bob)
      world.run(milliseconds: 10_000)
      world.hangUp(bob)
      world.run(milliseconds: 40_000)
      return world.trace
    }
    let first = try play(5)
    let second = try play(5)
    let other = try play(6)
    #expect(first == second)
    #expect(first.count > 300)
    #expect(first != other)
  }
}
