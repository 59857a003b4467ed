import RTP
import Testing

/// The values beside are of the formulas of G.107 (06/2015) in double precision; 93.2 and the loss of delay alone are the
/// Recommendation's own (tables and G.114, figure 1).
struct EModelTests {
  private func model(_ change: (inout EModel) -> Void) -> EModel {
    var model = EModel()
    change(&model)
    return model
  }

  @Test func theDefaultsGiveTheStandardsRating() {
    #expect(abs(EModel().rating - 93.2062) < 0.01)
    #expect(abs(EModel.meanOpinionScore(rating: EModel().rating) - 4.41) < 0.01)
  }

  @Test(arguments: [
    (50, 91.76), (100, 90.66), (150, 89.54), (200, 85.80), (250, 79.18), (300, 72.67), (400, 62.25), (600, 49.48),
  ])
  func delayCosts(milliseconds: Int, rating: Double) {
    let delayed = model { $0.delayMilliseconds = Float(milliseconds) }
    #expect(abs(Double(delayed.rating) - rating) < 0.02)
    #expect(abs(delayed.listeningRating - (EModel().rating + 0.149)) < 0.02, "who only listens does not notice delay")
  }

  @Test(arguments: [(25, 45, 88.90), (50, 45, 82.40), (100, 45, 70.15), (100, 55, 86.11), (150, 22, 7.11), (60, 36, 61.02)])
  func echoCosts(milliseconds: Int, loudness: Int, rating: Double) {
    let echoing = model {
      $0.delayMilliseconds = Float(milliseconds)
      $0.talkerEchoLoudnessDB = Float(loudness)
    }
    #expect(abs(Double(echoing.rating) - rating) < 0.02)
  }

  @Test(arguments: [(1, 89.57), (3, 83.06), (5, 77.43), (10, 66.14)])
  func lossCosts(percent: Int, rating: Double) {
    let lossy = model { $0.lossFraction = Float(percent) / 100 }
    #expect(abs(Double(lossy.rating) - rating) < 0.02)
  }

  @Test func burstsCostMoreThanTheSameLossSpread() {
    let burst = model {
      $0.lossFraction = 0.02
      $0.burstRatio = 2
    }
    #expect(abs(burst.rating - 85.927) < 0.02)
    let beyond = model {
      $0.lossFraction = 0.05
      $0.burstRatio = 7
    }
    let atLimit = model {
      $0.lossFraction = 0.05
      $0.burstRatio = 2
    }
    #expect(beyond.rating == atLimit.rating, "beyond 2 % of loss the formula holds up to a ratio of 2")
  }

  @Test func noiseCosts() {
    #expect(abs(model { $0.circuitNoiseDBm0 = -60 }.rating - 88.281) < 0.02)
    #expect(abs(model { $0.circuitNoiseDBm0 = -50 }.rating - 76.351) < 0.02)
  }

  @Test func allAtOnce() {
    let bad = model {
      $0.delayMilliseconds = 80
      $0.lossFraction = 0.03
      $0.burstRatio = 1.5
      $0.circuitNoiseDBm0 = -55
      $0.talkerEchoLoudnessDB = 40
      $0.equipmentImpairment = 11
    }
    #expect(abs(bad.rating - 42.252) < 0.05)
  }

  @Test func scoresStayOnTheirScale() {
    #expect(EModel.meanOpinionScore(rating: -40) == 1)
    #expect(EModel.meanOpinionScore(rating: 5) == 1)
    #expect(abs(EModel.meanOpinionScore(rating: 50) - 2.58) < 0.01)
    #expect(EModel.meanOpinionScore(rating: 130) == 4.5)
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity, 1e30, -1e30])
  func absurdValuesGiveNoTrap(value: Float) {
    let absurd = model {
      $0.delayMilliseconds = value
      $0.lossFraction = value
      $0.burstRatio = value
      $0.circuitNoiseDBm0 = value
      $0.talkerEchoLoudnessDB = value
    }
    _ = EModel.meanOpinionScore(rating: absurd.rating)
  }
}
