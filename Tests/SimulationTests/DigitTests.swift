import LineHarness
import RealTime
import TelephonyHAL
import Testing

/// Each key, both ways, exactly once.
@Suite struct DigitTests {
  private static let keys = "0123456789*#ABCD"

  private func world(loss: Double, seed: UInt64, telephoneEvents: Bool = true) throws -> (VirtualWorld, VirtualSoftphone, SoftphoneCall) {
    let world = try VirtualWorld.make(phones: [Phone(number: Numbers.speaks, answersAfterMilliseconds: 500)], seed: seed)
    let bob = world.addSoftphone("bob") { $0.telephoneEvents = telephoneEvents }
    let call = try world.talk(Numbers.speaks, bob)
    world.audioConditions.loss = loss
    world.signallingConditions.loss = loss
    world.run(milliseconds: 1_000)
    return (world, bob, call)
  }

  private func finish(_ world: VirtualWorld, _ phone: VirtualSoftphone) {
    #expect((world.datagramsLost > 0) == (world.audioConditions.loss > 0))
    world.signallingConditions.loss = 0
    world.hangUp(phone)
    world.expectNothingLeft()
  }

  private static let trials: [(Double, UInt64)] = [(0, 1)] + (2...9).map { (0.03, $0) }

  @Test(arguments: trials) func toTheTelephoneAsEvents(loss: Double, seed: UInt64) throws {
    let (world, bob, call) = try world(loss: loss, seed: seed)
    for key in Self.keys {
      call.press(key)
      world.run(milliseconds: 400)
    }
    world.run(milliseconds: 1_000)
    #expect(world.exchange.control.state(of: Numbers.speaks)?.calls.last?.heardDigits == Self.keys, "seed \(seed)")
    finish(world, bob)
  }

  /// Keyed as fast as the softphone may: they are queued, none is lost.
  @Test func toTheTelephoneAllAtOnce() throws {
    let (world, bob, call) = try world(loss: 0, seed: 1)
    for key in Self.keys { call.press(key, milliseconds: 100) }
    world.run(milliseconds: 6_000)
    #expect(world.exchange.control.state(of: Numbers.speaks)?.calls.last?.heardDigits == Self.keys)
    finish(world, bob)
  }

  @Test(arguments: trials) func toTheTelephoneByInfo(loss: Double, seed: UInt64) throws {
    let (world, bob, call) = try world(loss: loss, seed: seed)
    for key in Self.keys {
      bob.sendInfoDigit(key, in: call, now: world.now)
      // An INFO that is lost comes again after 500 ms.
      world.run(milliseconds: 1_200)
    }
    world.run(milliseconds: 2_000)
    #expect(world.exchange.control.state(of: Numbers.speaks)?.calls.last?.heardDigits == Self.keys, "seed \(seed)")
    finish(world, bob)
  }

  @Test(arguments: trials) func toTheSoftphoneAsEvents(loss: Double, seed: UInt64) throws {
    let (world, bob, call) = try world(loss: loss, seed: seed)
    world.telephone(.key(number: Numbers.speaks, digits: Self.keys))
    world.run(milliseconds: 5_000)
    #expect(call.stream.heardDigits == Self.keys, "seed \(seed)")
    #expect(call.infoDigits == "")
    finish(world, bob)
  }

  @Test(arguments: trials) func toTheSoftphoneByInfo(loss: Double, seed: UInt64) throws {
    let (world, bob, call) = try world(loss: loss, seed: seed, telephoneEvents: false)
    for key in Self.keys {
      world.telephone(.key(number: Numbers.speaks, digits: String(key)))
      world.run(milliseconds: 1_200)
    }
    world.run(milliseconds: 2_000)
    #expect(call.infoDigits == Self.keys, "seed \(seed)")
    finish(world, bob)
  }
}
