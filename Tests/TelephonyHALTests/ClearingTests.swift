import Numbering
import TelephonyHAL
import Testing

@Suite struct ClearingTests {
  typealias Configuration = SimulatorConfiguration
  private static let caller = "0398765432"

  /// A call that stands; the telephone hangs up 2 s after its answer.
  private func talking(clear: Configuration.ClearSignal, answer: Configuration.AnswerSignal = .polarity) throws -> (ExchangeBench, Int) {
    var line = Configuration.Line.transparent
    line.clearSignal = clear
    line.answerSignal = answer
    let bench = try ExchangeBench(
      .example(
        line: line,
        more: [
          Configuration.Phone(number: Self.caller, answersAfterMilliseconds: 500, says: .tone(1_000), hangsUpAfterMilliseconds: 2_000)
        ]))
    bench.dial(Self.caller)
    #expect(bench.run(until: { bench.exchange.control.state(of: Self.caller)?.calls.first?.phase == .talking }, within: 3_000))
    let answeredAt = try #require(bench.exchange.control.state(of: Self.caller)?.calls.first?.answeredAt)
    bench.run(50)
    bench.line.forget()
    return (bench, answeredAt)
  }

  @Test func loopBreak() throws {
    let (bench, answeredAt) = try talking(clear: .loopBreak)
    bench.run(4_000)
    let times = bench.line.events
    #expect(times.map(\.event) == [.loopBroken(milliseconds: 250), .loopRestored])
    // Hang-up after 2,000, the exchange's reaction 100, the break seen after 250, its whole length 400.
    #expect(abs(times[0].at - answeredAt - 2_350) <= 20)
    #expect(abs(times[1].at - answeredAt - 2_500) <= 20)
    #expect(level(bench.line.heard.suffix(4_000)) < -90)
    bench.run(5_000)
    #expect(toneLevel(bench.line.heard.suffix(8_000), at: 400) > -20, "at last the busy tone asks to hang up")
  }

  @Test(arguments: Configuration.AnswerSignal.allCases) func polarity(answer: Configuration.AnswerSignal) throws {
    let (bench, answeredAt) = try talking(clear: .polarity, answer: answer)
    bench.run(4_000)
    #expect(bench.line.eventList == [.polarityReversed])
    #expect(abs((bench.line.events.first?.at ?? 0) - answeredAt - 2_100) <= 20)
  }

  @Test func busyTone() throws {
    let (bench, _) = try talking(clear: .busyTone)
    bench.run(2_100)
    bench.line.forget()
    bench.run(5_000)
    #expect(bench.line.eventList.isEmpty)
    #expect(cadence(bench.line.heard).dropFirst().prefix(6).allSatisfy { abs($0 - 500) <= 20 })
    #expect(toneLevel(bench.line.heard, at: 400) > -20)
  }

  @Test func nothingAtAll() throws {
    let (bench, _) = try talking(clear: .none)
    bench.run(2_100)
    bench.line.forget()
    bench.run(20_000)
    #expect(bench.line.eventList.isEmpty)
    #expect(level(bench.line.heard) < -90)
  }

  @Test func theGatewayHangsUp() throws {
    let bench = try ExchangeBench(.example())
    bench.dial(Configuration.speaking)
    #expect(bench.wait(for: .polarityReversed, within: 3_000) != nil)
    bench.run(1_000)
    let hungUpAt = bench.elapsed
    bench.line.line.perform(.hangUp)
    let onHookAt = try #require(bench.wait(for: .onHook, within: 200))
    #expect(onHookAt - hungUpAt <= 20)
    bench.line.forget()
    bench.run(1_500)
    #expect(bench.line.eventList.isEmpty)
    #expect(bench.line.heard.isEmpty, "no audio on hook")
    let call = try #require(bench.exchange.control.state(of: Configuration.speaking)?.calls.first)
    #expect(call.phase == .ended)
    #expect(call.end == .line)
    #expect(abs((call.endedAt ?? 0) - hungUpAt - 1_000) <= 20)
    #expect(bench.exchange.activeCalls == 0)
  }

  @Test(arguments: [100, 700, 1_500, 2_500]) func hangingUpInEveryStateBringsTheLineBack(after milliseconds: Int) throws {
    let bench = try ExchangeBench(.example())
    bench.line.line.perform(.seize)
    bench.run(400)
    bench.line.key(Configuration.silent)
    bench.run(milliseconds)
    bench.line.stopKeying()
    bench.line.line.perform(.hangUp)
    bench.run(2_000)
    #expect(bench.exchange.activeCalls == 0)
    bench.dial(Configuration.speaking)
    #expect(bench.wait(for: .polarityReversed, within: 3_000) != nil)
  }

  @Test func withoutGuardTimeTheOldCallIsStillThere() throws {
    let bench = try ExchangeBench(.example())
    bench.dial(Configuration.speaking)
    #expect(bench.wait(for: .polarityReversed, within: 3_000) != nil)
    bench.line.line.perform(.hangUp)
    bench.run(600)
    bench.line.forget()
    bench.line.line.perform(.seize)
    bench.run(2_000)
    #expect(bench.line.eventList.first == .seized)
    #expect(toneLevel(bench.line.heard.suffix(8_000), at: 400) < -40, "no dial tone")
    #expect(abs(toneLevel(bench.line.heard.suffix(8_000), at: 1_000) + 10) < 0.2, "but the old call's voice")
    #expect(bench.exchange.activeCalls == 1)
    // With the guard time the exchange lets go.
    bench.line.line.perform(.hangUp)
    bench.run(2_000)
    bench.line.forget()
    bench.line.line.perform(.seize)
    bench.run(2_000)
    #expect(toneLevel(bench.line.heard.suffix(8_000), at: 400) > -12)
    #expect(bench.exchange.activeCalls == 0)
  }

  @Test func aFlashOpensTheLoopAndTheCallGoesOn() throws {
    let bench = try ExchangeBench(.example())
    bench.dial(Configuration.speaking)
    #expect(bench.wait(for: .polarityReversed, within: 3_000) != nil)
    bench.run(100)
    bench.line.line.perform(.flash)
    bench.run(50)
    bench.line.forget()
    bench.run(200)
    #expect(level(bench.line.heard) < -90)
    bench.run(1_000)
    #expect(abs(toneLevel(bench.line.heard.suffix(4_000), at: 1_000) + 10) < 0.2)
    #expect(bench.line.eventList.isEmpty)
  }

  @Test func nothingOfOneCallIsHeardInTheNext() throws {
    let bench = try ExchangeBench(.example())
    bench.dial(Configuration.echoing)
    #expect(bench.wait(for: .polarityReversed, within: 3_000) != nil)
    bench.line.say(sine(700, count: 80_000, dbm0: -10))
    bench.run(1_000)
    bench.line.line.perform(.hangUp)
    bench.run(1_200)
    bench.line.say([])
    bench.line.forget()
    bench.line.line.perform(.seize)
    bench.run(100)
    #expect(bench.line.played.prefix(80).allSatisfy { $0 == 0 })
  }
}
