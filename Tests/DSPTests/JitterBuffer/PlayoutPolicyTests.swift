import DSP
import RealTime
import Testing

struct PlayoutPolicyTests {
  private let policy = PlayoutPolicy()

  private func situation(
    above: Int, tail: Int = 2, phase: Int = 0, loss: Float = 0, pause: Bool = true, sinceMove: Int = 1_000
  ) -> PlayoutSituation {
    PlayoutSituation(
      offset: Int64(above) * 1_000_000, median: 0, tail: Int64(tail) * 1_000_000, phase: phase, loss: loss, isPause: pause,
      pullsSinceMove: sinceMove)
  }

  @Test func leavesAloneWithinTheDeadBand() {
    // Target 2 + 10 ms.
    for above in 10...18 { #expect(policy.decide(situation(above: above)) == .play) }
  }

  @Test func movesInPausesOnly() {
    #expect(policy.decide(situation(above: 30)) == .shorten(samples: 80))
    #expect(policy.decide(situation(above: 30, pause: false)) == .play)
    #expect(policy.decide(situation(above: 2)) == .lengthen(samples: 80))
    #expect(policy.decide(situation(above: 2, pause: false)) == .play)
  }

  @Test func aMoveIsJudgedByThePhaseItLeadsTo() {
    for above in 5...40 {
      for phase in 0..<80 {
        let now = situation(above: above, tail: 3, phase: phase)
        switch policy.decide(now) {
        case .shorten(let samples):
          let after = now.offset - Int64(samples) * 125_000
          #expect(after >= policy.target(now, phase: (phase + 80 - samples) % 80))
        case .lengthen(let samples) where samples < 80:
          #expect(now.offset + Int64(samples) * 125_000 >= policy.target(now, phase: (phase + samples) % 80))
        default: break
        }
      }
    }
  }

  @Test func inSpeechOnlyFarFromTheTarget() {
    #expect(policy.decide(situation(above: 70, pause: false)) == .dropPeriod)
    #expect(policy.decide(situation(above: 70, pause: false, sinceMove: 9)) == .play)
    #expect(policy.decide(situation(above: -60, pause: false)) == .repeatPeriod)
    // A wide spread of delays asks for more: 20 % up, 40 % down.
    #expect(policy.decide(situation(above: 370, tail: 290, pause: false)) == .play)
    #expect(policy.decide(situation(above: 430, tail: 290, pause: false)) == .dropPeriod)
  }

  @Test func lossAsksForTheNextPacket() {
    #expect(policy.target(situation(above: 0), phase: 0) == 12_000_000)
    #expect(policy.target(situation(above: 0, loss: 0.01), phase: 0) == 21_000_000)
  }

  @Test func targetIsBounded() {
    #expect(policy.target(situation(above: 0, tail: 5_000), phase: 0) == 500_000_000)
  }
}
