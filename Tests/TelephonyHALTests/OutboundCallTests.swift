import Numbering
import RealTime
import TelephonyHAL
import Testing

@Suite struct OutboundCallTests {
  typealias Configuration = SimulatorConfiguration

  @Test(arguments: Country.allCases) func dialToneComesSoonAfterSeizure(country: Country) throws {
    let bench = try ExchangeBench(.example(country: country, line: .init(hybrid: nil, noiseDBm0: nil, lossDecibels: 6)))
    bench.step()
    #expect(bench.line.eventList == [.onHook])
    bench.line.line.perform(.seize)
    bench.run(1_500)
    #expect(bench.line.eventList == [.onHook, .seized])
    let components = country.tonePlan.tone(.dialTone)?.cadence.segments.first?.components ?? []
    #expect(!components.isEmpty)
    let tone = bench.line.heard.suffix(8_000)
    for component in components {
      #expect(abs(toneLevel(tone, at: component.frequency) - (-16 - (components.count == 2 ? 3 : 0))) < 0.5)
    }
    #expect(level(bench.line.heard.prefix(2_000)) < -60, "a real exchange takes a moment")
  }

  @Test(arguments: [Country.japan, .unitedStates, .germany, .unitedKingdom]) func aTelephoneRingsAndAnswers(country: Country) throws {
    let bench = try ExchangeBench(
      .example(
        country: country, more: [Configuration.Phone(number: "0398765432", answersAfterMilliseconds: 7_000, says: .tone(1_000))]))
    let number = "0398765432"
    bench.dial(number)
    bench.line.forget()
    #expect(bench.exchange.control.state(of: number)?.calls.isEmpty == true)
    #expect(bench.run(until: { bench.exchange.control.state(of: number)?.calls.first?.phase == .ringing }, within: 4_000))
    let ringsAt = bench.elapsed
    let answered = try #require(bench.wait(for: .polarityReversed, within: 8_000))
    #expect(abs(answered - ringsAt - 7_000) <= 20)
    // Ringback in the country's cadence and frequency, then the telephone's voice.
    let ringback = try #require(country.tonePlan.tone(.ringback))
    let frequency = ringback.cadence.segments[0].components[0].frequency
    let ringing = Array(bench.line.heard.dropLast(160))
    let first = try #require(ringing.firstIndex { abs(Int($0)) > 200 })
    #expect(toneLevel(ringing[first..<(first + 3_200)], at: frequency) > -15)
    let expected = ringback.cadence.segments.compactMap(\.milliseconds)
    for (heard, planned) in zip(cadence(ringing), expected) { #expect(abs(heard - planned) <= 20) }
    bench.line.forgetAudio()
    bench.run(1_000)
    #expect(abs(toneLevel(bench.line.heard.suffix(4_000), at: 1_000) + 10) < 0.2)
  }

  @Test func withoutAnAnswerSignalOnlyTheAudioTells() throws {
    var line = Configuration.Line.transparent
    line.answerSignal = .none
    let bench = try ExchangeBench(.example(line: line))
    bench.dial(Configuration.speaking)
    bench.run(4_000)
    #expect(bench.line.eventList == [.onHook, .seized])
    #expect(abs(toneLevel(bench.line.heard.suffix(4_000), at: 1_000) + 10) < 0.2)
  }

  @Test func digitsAreHeardThroughLossEchoNoiseAndDialTone() throws {
    for hybrid in [HybridModel.d2, .d5, .d9] {
      let line = Configuration.Line(
        echoReturnLossDecibels: 6, hybrid: hybrid, bulkDelayMilliseconds: 30, noiseDBm0: -45, lossDecibels: 6)
      let bench = try ExchangeBench(.example(line: line))
      bench.dial(Configuration.silent)
      bench.run(1_000)
      #expect(bench.exchange.control.state(of: Configuration.silent)?.calls.first?.phase == .ringing)
    }
  }

  @Test func dialToneStopsAtTheFirstDigit() throws {
    let bench = try ExchangeBench(.example())
    bench.line.line.perform(.seize)
    bench.run(1_000)
    bench.line.key("0")
    bench.run(100)
    bench.line.forget()
    bench.run(1_000)
    #expect(level(bench.line.heard) < -90)
  }

  @Test(arguments: Country.allCases) func aBusyTelephone(country: Country) throws {
    try expectTone(.busy, country: country, dialling: Configuration.busy, configuration: .example(country: country))
  }

  @Test(arguments: Country.allCases) func aNumberWithoutTelephone(country: Country) throws {
    try expectTone(.specialInformation, country: country, dialling: "0399999999", configuration: .example(country: country))
  }

  @Test(arguments: Country.allCases) func allTrunksTaken(country: Country) throws {
    let bench = try ExchangeBench(.example(country: country, trunks: 1), lineCount: 2)
    bench.dial(Configuration.silent)
    bench.run(4_000)
    #expect(bench.exchange.activeCalls == 1)
    try expectTone(.congestion, country: country, dialling: Configuration.speaking, on: bench.lines[1], of: bench)
    #expect(bench.exchange.activeCalls == 1)
    // The first call ends: the trunk is free again.
    bench.lines[0].line.perform(.hangUp)
    bench.lines[1].line.perform(.hangUp)
    bench.run(2_500)
    #expect(bench.exchange.activeCalls == 0)
    bench.dial(Configuration.silent, on: bench.lines[1])
    bench.run(4_000)
    #expect(bench.exchange.activeCalls == 1)
  }

  private func expectTone(_ kind: ProgressToneKind, country: Country, dialling number: String, configuration: Configuration) throws {
    let bench = try ExchangeBench(configuration)
    try expectTone(kind, country: country, dialling: number, on: bench.line, of: bench)
    #expect(bench.exchange.activeCalls == 0)
  }

  /// Hears the frequencies and the first cycle of the country's tone, within the inter-digit time-out.
  private func expectTone(
    _ kind: ProgressToneKind, country: Country, dialling number: String, on line: GatewayEnd, of bench: ExchangeBench
  ) throws {
    bench.dial(number, on: line)
    line.forget()
    #expect(bench.run(until: { line.heard.count > 800 && level(line.heard.suffix(80)) > -40 }, within: 4_500))
    line.forgetAudio()
    bench.run(6_000)
    let tone = try #require(country.tonePlan.tone(kind))
    let segments = tone.cadence.segments
    let heard = line.heard
    // Segments that follow each other without silence are one sound.
    var expected: [Int] = []
    var wasSounding = false
    for segment in segments {
      let length = segment.milliseconds ?? 0
      if !segment.isSilence, wasSounding, let last = expected.popLast() { expected.append(last + length) } else { expected.append(length) }
      wasSounding = !segment.isSilence
    }
    for (heardLength, planned) in zip(cadence(heard), expected) { #expect(abs(heardLength - planned) <= 30) }
    // Each component stands in its own segment.
    var start = 0
    for segment in segments {
      let length = (segment.milliseconds ?? 1_000) * 8
      let middle = heard.dropFirst(start + length / 4).prefix(length / 2)
      for component in segment.components {
        let planned = -10 + component.relativeLevel - (segment.components.count == 2 ? 3 : 0)
        #expect(abs(toneLevel(middle, at: component.frequency) - planned) < 1.5)
      }
      start += length
    }
  }

  @Test func whoDialsNothingGetsBusyTone() throws {
    let bench = try ExchangeBench(.example())
    bench.line.line.perform(.seize)
    bench.run(15_600)
    bench.line.forget()
    bench.run(3_000)
    #expect(cadence(bench.line.heard).dropFirst().prefix(3).allSatisfy { abs($0 - 500) <= 20 })
  }

  @Test func anIncompleteNumberIsTakenAfterThreeSeconds() throws {
    let bench = try ExchangeBench(.example(more: [Configuration.Phone(number: "117", answersAfterMilliseconds: 100)]))
    bench.dial("03")
    bench.line.forget()
    bench.run(2_000)
    #expect(level(bench.line.heard) < -90)
    bench.run(2_000)
    #expect(toneLevel(bench.line.heard.suffix(8_000), at: 950) > -30)
  }

  @Test func prefixesThatWithholdTheNumberAreUnderstood() throws {
    let bench = try ExchangeBench(.example())
    bench.dial("184" + Configuration.speaking)
    #expect(bench.wait(for: .polarityReversed, within: 3_000) != nil)
  }

  @Test func aCallToManyPhonesAtOnceIsManyCalls() throws {
    let bench = try ExchangeBench(.example(), lineCount: 3)
    for line in bench.lines { line.line.perform(.seize) }
    bench.run(600)
    for line in bench.lines { line.key(Configuration.echoing) }
    bench.run(4_000)
    let state = try #require(bench.exchange.control.state(of: Configuration.echoing))
    #expect(state.activeCalls == 3)
    #expect(Set(state.calls.map(\.line)).count == 3)
    for (index, line) in bench.lines.enumerated() { line.say(sine(Double(600 + 200 * index), count: 8_000, dbm0: -10)) }
    bench.run(800)
    for (index, line) in bench.lines.enumerated() {
      let tone = line.heard.suffix(4_000)
      #expect(abs(toneLevel(tone, at: Double(600 + 200 * index)) + 10) < 0.2)
      #expect(toneLevel(tone, at: Double(600 + 200 * ((index + 1) % 3))) < -40)
    }
  }
}
