import DSP
import Numbering
import RealTime
import TelephonyHAL
import Testing

/// The gateway's own ear on the exchange's tones, over the line as it is by default: hybrid, noise and loss on.
@Suite struct CallProgressHearingTests {
  @Test(arguments: Country.allCases) func theDetectorHearsWhatTheExchangeSends(country: Country) throws {
    let cases: [(number: String, kind: ProgressToneKind)] = [
      (SimulatorConfiguration.silent, .ringback), (SimulatorConfiguration.busy, .busy), ("0399999999", .specialInformation),
    ]
    let plan = CadencePlan(country.tonePlan)
    for (number, kind) in cases {
      let bench = try ExchangeBench(.example(country: country, line: .init()))
      bench.line.line.perform(.seize)
      bench.run(1_800)
      #expect(heard(bench.line.heard, plan, listening: .beforeDialling) == [.dialTone], "\(country) dial tone")
      bench.line.key(number)
      bench.run(1_600)
      bench.line.forget()
      bench.run(14_000)
      let kinds = heard(bench.line.heard, plan, listening: .afterDialling)
      #expect(kinds.first == kind, "\(country) \(kind)")
    }
  }

  private func heard(_ samples: [Int16], _ plan: CadencePlan, listening: ProgressToneSet) -> [ProgressToneKind] {
    var detector = CallProgressDetector(plan: plan, listening: listening)
    var kinds: [ProgressToneKind] = []
    for start in stride(from: 0, to: samples.count - 79, by: 80) {
      detector.process(AudioFrame(samples[start..<(start + 80)]))
      while let event = detector.nextEvent() {
        if case .tone(let tone) = event, kinds.last != tone.kind { kinds.append(tone.kind) }
      }
    }
    return kinds
  }
}
