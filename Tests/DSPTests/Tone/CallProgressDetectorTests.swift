import DSP
import Numbering
import RealTime
import Testing

struct CallProgressDetectorTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var country: Country
    var index: Int

    var plan: TonePlan { country.tonePlan }
    var tone: ProgressTone { plan.tones[index] }
    var testDescription: String { "\(country.rawValue) \(tone.kind)\(tone.cause.map { " \($0)" } ?? "")" }

    static let all = Country.allCases.flatMap { country in
      country.tonePlan.tones.indices.map { Case(country: country, index: $0) }
    }

    /// What the ear can know: in Japan congestion is heard as busy.
    var heardKind: ProgressToneKind { tone.kind == .congestion && country == .japan ? .busy : tone.kind }
  }

  private func listenTo(_ tone: ProgressTone, in trial: Case, level: Float, noise: Float?, seed: UInt64) -> [Heard] {
    let sound = Sound.silence(500) + .tone(tone, level: level, milliseconds: tone.allowedMilliseconds + 300)
    return listen(to: sound.withNoise(dbm0: noise, seed: seed), plan: CadencePlan(trial.plan), for: tone.expectation)
  }

  /// Found within two cycles, as what it is and as nothing else.
  private func expectFound(_ heard: [Heard], _ tone: ProgressTone, _ trial: Case, _ comment: String) {
    let first = heard.first { $0.tone != nil }
    #expect(first?.tone?.kind == trial.heardKind, "\(comment): \(heard)")
    #expect((first?.milliseconds ?? .max) <= 500 + tone.allowedMilliseconds + 50, "\(comment): \(heard)")
    #expect(first?.tone?.cause == tone.cause, "\(comment): \(heard)")
    #expect(heard.allSatisfy { $0.tone == nil || $0.tone?.kind == trial.heardKind }, "\(comment): \(heard)")
    #expect(!heard.contains { $0.event == .otherSoundBegan }, "\(comment): \(heard)")
  }

  @Test(arguments: Case.all) func everyToneIsFound(_ trial: Case) {
    for level: Float in [0, -20, -35, -40] {
      for ratio: Float? in [nil, 20, 15] {
        let heard = listenTo(trial.tone, in: trial, level: level, noise: ratio.map { level - $0 }, seed: 11)
        expectFound(heard, trial.tone, trial, "\(level) dBm0, SNR \(ratio ?? .infinity)")
        if let tone = heard.first(where: { $0.tone != nil })?.tone {
          let weakest = trial.tone.cadence.segments.flatMap(\.components).map(\.relativeLevel).min() ?? 0
          #expect(tone.level < level + 1.5 && tone.level > level + Float(weakest) - 1.5, "\(tone.level) for \(level)")
          #expect(tone.mayAlsoBe == (trial.heardKind == .busy && trial.country == .japan ? .congestion : nil))
        }
      }
    }
  }

  @Test(arguments: Case.all) func twentyHertzOffIsAccepted(_ trial: Case) {
    for offset in [-20.0, 20] {
      let tone = trial.tone.shifted(by: offset)
      expectFound(listenTo(tone, in: trial, level: -20, noise: -40, seed: 12), tone, trial, "\(offset) Hz")
    }
  }

  @Test(arguments: Case.all) func fiftyHertzOffIsRefused(_ trial: Case) {
    for offset in [-50.0, 50] {
      let heard = listenTo(trial.tone.shifted(by: offset), in: trial, level: -20, noise: -40, seed: 13)
      #expect(!heard.contains { $0.tone != nil }, "\(offset) Hz: \(heard)")
    }
  }

  @Test(arguments: Case.all.filter { !$0.tone.cadence.isContinuous }) func tenPerCentOfCadenceIsAccepted(_ trial: Case) {
    for (on, off) in [(90, 110), (110, 90), (90, 90), (110, 110)] {
      let tone = trial.tone.stretched(on: on, off: off)
      expectFound(listenTo(tone, in: trial, level: -20, noise: -35, seed: 14), tone, trial, "\(on) % on, \(off) % off")
    }
  }

  @Test(arguments: Case.all.filter { !$0.tone.cadence.isContinuous }) func anotherCadenceIsNotTakenForIt(_ trial: Case) {
    for (on, off) in [(140, 140), (60, 60), (140, 60)] {
      let heard = listenTo(trial.tone.stretched(on: on, off: off), in: trial, level: -20, noise: -40, seed: 15)
      #expect(!heard.contains { $0.tone?.kind == trial.tone.kind && $0.tone?.cause == trial.tone.cause }, "\(on)/\(off): \(heard)")
    }
  }

  @Test(arguments: Case.all.filter { $0.tone.cadence.segments[0].components.count == 2 }) func sixDecibelsOfTwistAreAccepted(_ trial: Case)
  {
    for weak in 0...1 {
      var tone = trial.tone
      for segment in tone.cadence.segments.indices where !tone.cadence.segments[segment].isSilence {
        tone.cadence.segments[segment].components[weak].relativeLevel = -6
      }
      expectFound(listenTo(tone, in: trial, level: -20, noise: -40, seed: 16), tone, trial, "component \(weak) 6 dB weaker")
    }
  }

  @Test func cyclesAreCounted() {
    for country in Country.allCases {
      guard let busy = country.tonePlan.tone(.busy), let cycle = busy.cadence.cycleMilliseconds else { continue }
      let heard = listen(
        to: .silence(300) + .tone(busy, level: -15, milliseconds: 3 * cycle + 300), plan: CadencePlan(country.tonePlan), for: .clearing)
      #expect(heard.compactMap { $0.tone?.cycles } == [1, 2, 3], "\(country): \(heard)")
      #expect((heard.first { $0.tone?.cycles == 3 }?.milliseconds ?? .max) <= 300 + 3 * cycle + 150, "\(country): \(heard)")
    }
  }

  @Test func ringbackThatStopsIsOverdue() throws {
    for country in Country.allCases {
      let ringback = try #require(country.tonePlan.tone(.ringback))
      let cycle = try #require(ringback.cadence.cycleMilliseconds)
      let sound = Sound.silence(200) + .tone(ringback, level: -15, milliseconds: 2 * cycle) + .silence(3000)
      let heard = listen(to: sound.withNoise(dbm0: -60, seed: 3), plan: CadencePlan(country.tonePlan), for: .afterDialling)
      #expect(heard.last?.event == .toneEnded(.ringback, .overdue), "\(country): \(heard)")
      let due = 200 + 2 * cycle
      #expect((due...due + 800).contains(heard.last?.milliseconds ?? 0), "\(country): \(heard)")
    }
  }

  @Test func ringbackCutShortIsBroken() throws {
    let plan = Country.japan.tonePlan
    let ringback = try #require(plan.tone(.ringback))
    let sound = Sound.silence(200) + .tone(ringback, level: -15, milliseconds: 3400) + .silence(500)
    let heard = listen(to: sound, plan: CadencePlan(plan), for: .afterDialling)
    #expect(heard.map(\.event).last == .toneEnded(.ringback, .broken))
    #expect((3600...3750).contains(heard.last?.milliseconds ?? 0), "\(heard)")
  }

  @Test func dialToneEndsWithTheTone() throws {
    let plan = Country.unitedStates.tonePlan
    let dial = try #require(plan.tone(.dialTone))
    let heard = listen(
      to: .silence(100) + .tone(dial, level: -13, milliseconds: 2000) + .silence(300), plan: CadencePlan(plan), for: .beforeDialling)
    #expect(heard.count == 2)
    #expect(heard.last?.event == .toneEnded(.dialTone, .broken))
    #expect((2100...2250).contains(heard.last?.milliseconds ?? 0))
  }

  @Test func aLongRingbackIsNoDialToneWhenBothMayCome() throws {
    for country in [Country.france, .germany, .china, .japan] {
      let plan = country.tonePlan
      let cadences = CadencePlan(plan)
      let ringback = listen(
        to: .silence(200) + .tone(try #require(plan.tone(.ringback)), level: -15, milliseconds: 8000), plan: cadences, for: .all)
      #expect(ringback.allSatisfy { $0.tone?.kind ?? .ringback == .ringback }, "\(ringback)")
      let dial = listen(
        to: .silence(200) + .tone(try #require(plan.tone(.dialTone)), level: -15, milliseconds: 3000), plan: cadences, for: .all)
      #expect(dial.map { $0.tone?.kind } == [.dialTone], "\(dial)")
    }
  }

  @Test func joiningInTheMiddleOfATone() throws {
    let plan = Country.germany.tonePlan
    let busy = try #require(plan.tone(.busy))
    for cut in stride(from: 40, to: 960, by: 70) {
      let sound = Sound(samples: Array(Sound.tone(busy, level: -20, milliseconds: 4000).samples.dropFirst(cut * 8)))
      let heard = listen(to: sound.withNoise(dbm0: -45, seed: 5), plan: CadencePlan(plan), for: .clearing)
      #expect(heard.first?.tone?.kind == .busy, "\(cut): \(heard)")
      #expect((heard.first?.milliseconds ?? .max) <= 2500, "\(cut): \(heard)")
    }
  }

  @Test func nothingIsHeardWhenOff() throws {
    let plan = Country.japan.tonePlan
    let sound = Sound.tone(try #require(plan.tone(.busy)), level: -10, milliseconds: 3000)
    #expect(listen(to: sound, plan: CadencePlan(plan), for: []).isEmpty)
    #expect(listen(to: sound, plan: CadencePlan(plan), for: .dialTone).isEmpty)
    let congestion = listen(to: sound, plan: CadencePlan(plan), for: .congestion)
    #expect(congestion.first?.tone?.kind == .congestion)
    #expect(congestion.first?.tone?.mayAlsoBe == .busy)
  }

  @Test func aLinesOwnToneIsFound() {
    var plan = Country.japan.tonePlan
    plan.replace(with: ProgressTone(.busy, ToneCadence([.on(300, 600, 1000), .silence(200)])))
    plan.tones.removeAll { $0.kind == .congestion }
    let sound = Sound.silence(200) + .tone(plan.tones[plan.tones.count - 1], level: -20, milliseconds: 1500)
    let heard = listen(to: sound, plan: CadencePlan(plan), for: .afterDialling)
    #expect(heard.first?.tone?.kind == .busy)
  }

  @Test func lineNoiseIsNoSound() {
    let heard = listen(
      to: Sound.silence(20_000).withNoise(dbm0: -45, seed: 4), plan: CadencePlan(Country.japan.tonePlan), for: .all)
    #expect(heard.isEmpty, "\(heard)")
  }
}
