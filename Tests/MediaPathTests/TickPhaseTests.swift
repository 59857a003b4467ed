import MediaPath
import RealTime
import Testing

@Suite("Tick phase")
struct TickPhaseTests {
  /// Ticks from `start` ms after a line's step on, the line fast by `partsPerMillion`: where they end up, and the least and largest gap.
  private func run(start: Double, partsPerMillion: Double = 0, ticks: Int = 3_000)
    -> (phase: Double, gaps: ClosedRange<Double>, crossings: Int)
  {
    var phase = TickPhase()
    var deadline = 1_000_000_000 + start * 1e6
    var gaps: [Double] = []
    var crossings = 0
    var before = start
    for _ in 0..<ticks {
      let length = 10e6 / (1 + partsPerMillion / 1e6)
      let step = 1_000_000_000 + ((deadline - 1_000_000_000) / length).rounded(.down) * length
      let now = (deadline - step) / 1e6
      if abs(now - before) > 5 { crossings += 1 }
      before = now
      let shift = phase.shift(deadline: MediaTime(nanoseconds: Int64(deadline)), step: MediaTime(nanoseconds: Int64(step)))
      gaps.append(10 + Double(shift.nanoseconds) / 1e6)
      deadline += 10e6 + Double(shift.nanoseconds)
    }
    return (before, (gaps.min() ?? 0)...(gaps.max() ?? 0), crossings)
  }

  @Test(arguments: [0.0, 0.2, 3, 5, 7.9, 8.5, 9.1, 9.95])
  func reachesItsPlaceWithoutCrossingAStep(_ start: Double) {
    let result = run(start: start)
    #expect((7.9...9.1).contains(result.phase), "\(result)")
    #expect(result.gaps.lowerBound >= 9.9 && result.gaps.upperBound <= 10.1 && result.crossings == 0, "\(result)")
  }

  @Test(arguments: [-500.0, -100, 100, 500])
  func followsALineThatIsFastOrSlow(_ partsPerMillion: Double) {
    let result = run(start: 2, partsPerMillion: partsPerMillion, ticks: 60_000)
    #expect((7.9...9.1).contains(result.phase) && result.crossings == 0, "\(result)")
  }

  @Test func stayingPutCostsNothing() {
    var phase = TickPhase()
    for tick in 0..<1_000 {
      let deadline = MediaTime(nanoseconds: 8_200_000 + Int64(tick) * 10_000_000)
      #expect(phase.shift(deadline: deadline, step: MediaTime(nanoseconds: Int64(tick) * 10_000_000)).nanoseconds == 0)
    }
  }
}
