import CallControl
import LineHarness
import Numbering
import RealTime
import SIP
import TelephonyHAL
import Testing

/// The telephone hangs up: how long until the softphone is told, in virtual time.
@Suite struct TelephoneHangsUpTests {
  /// From the hang-up to the gateway's BYE at the softphone, 1 ms of network included.
  private func hangUpTime(_ country: Country, _ signal: SimulatorConfiguration.ClearSignal) throws -> MediaTime {
    let number = Self.number(country)
    let phone = Phone(number: number, answersAfterMilliseconds: 500, says: .tone(1_000))
    let world = try VirtualWorld.make(country, phones: [phone]) { $0.exchange.line.clearSignal = signal }
    let bob = world.addSoftphone("bob") { $0.says = .tone(600, dbm0: -15) }
    let call = try world.talk(number, bob)
    world.run(milliseconds: 3_000)
    let start = world.now
    world.telephone(.hangUp(number: number))
    let hasEnded = world.run(atMost: 30_000) { _ in call.isOver }
    try #require(hasEnded)
    let state = try #require(world.exchange.control.state(of: number)?.calls.last)
    let hungUpAt = world.time(ofExchange: try #require(state.endedAt))
    #expect(hungUpAt - start <= .milliseconds(10))
    let end = try #require(call.endedByGateway)
    #expect(end.reason?.cause == 16)
    world.expectNothingLeft()
    let record = try #require(world.records.first)
    #expect(record.end?.cause == .normalClearing)
    #expect(record.end?.by == .callee)
    return end.at - hungUpAt
  }

  static func number(_ country: Country) -> String {
    switch country {
    case .japan: "0333331234"
    case .unitedStates: "12125551234"
    case .unitedKingdom: "02079461234"
    case .germany: "0301234567"
    case .france: "0123456780"
    case .china: "01012345678"
    case .australia: "0291234567"
    }
  }

  @Test(arguments: Country.allCases) func byLoopBreakWithinASecond(country: Country) throws {
    let time = try hangUpTime(country, .loopBreak)
    #expect(time <= .milliseconds(1_000), "\(time.milliseconds) ms")
  }

  @Test(arguments: Country.allCases) func byPolarityWithinASecond(country: Country) throws {
    let time = try hangUpTime(country, .polarity)
    #expect(time <= .milliseconds(1_000), "\(time.milliseconds) ms")
  }

  @Test(arguments: Country.allCases) func byBusyToneWithinThreeCyclesAndHalfASecond(country: Country) throws {
    let cycle = try #require(country.tonePlan.tone(.busy)?.cadence.cycleMilliseconds)
    let time = try hangUpTime(country, .busyTone)
    // The exchange itself takes 100 ms to begin the tone.
    #expect(time <= .milliseconds(3 * cycle + 500 + 100), "\(time.milliseconds) ms, three cycles are \(3 * cycle) ms")
    #expect(time > .milliseconds(2 * cycle), "\(time.milliseconds) ms")
  }

  /// The same where the telephone had called.
  @Test(arguments: [SimulatorConfiguration.ClearSignal.loopBreak, .polarity, .busyTone]) func whoeverCalled(
    signal: SimulatorConfiguration.ClearSignal
  ) throws {
    let world = try VirtualWorld.make(lines: 1) {
      $0.exchange.line.clearSignal = signal
      $0.control.inbound.destinations = [.uri("sip:bob@192.0.2.10")]
    }
    let bob = world.addSoftphone("bob")
    world.telephone(.call(number: Numbers.echoes, line: "line1", identity: nil))
    let isAnswered = world.run(atMost: 20_000) { _ in bob.call?.answeredAt != nil }
    try #require(isAnswered)
    world.run(milliseconds: 3_000)
    let start = world.now
    world.telephone(.hangUp(number: Numbers.echoes))
    let hasEnded = world.run(atMost: 10_000) { _ in bob.call?.isOver == true }
    #expect(hasEnded)
    #expect(
      world.now - start <= .milliseconds(signal == .busyTone ? 3 * 1_000 + 500 + 100 : 1_000), "\((world.now - start).milliseconds) ms")
    world.expectNothingLeft()
    #expect(world.records.first?.end?.by == .caller)
  }
}
