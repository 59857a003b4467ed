import RTP
import Testing

struct BurstGapTests {
  /// `.` came, `x` lost, `d` discarded.
  private func count(_ packets: String) -> BurstGapFigures {
    var meter = BurstGapMeter()
    for packet in packets {
      switch packet {
      case "x": meter.lose()
      case "d": meter.discard()
      default: meter.receive()
      }
    }
    return meter.figures
  }

  private func came(_ count: Int) -> String { String(repeating: ".", count: count) }

  @Test func nothingMissing() {
    let figures = count(came(500))
    #expect(
      figures
        == BurstGapFigures(
          lossFraction: 0, discardFraction: 0, burstDensity: 0, gapDensity: 0, burstPackets: 0, gapPackets: 500, burstRatio: 1))
  }

  @Test func loneLossesAreOfTheGap() {
    let figures = count(came(20) + "x" + came(20) + "d" + came(20))
    #expect(figures.burstPackets == 0)
    #expect(figures.burstDensity == 0)
    #expect(figures.gapPackets == 62)
    #expect(abs(figures.gapDensity - 2 / 62) < 1e-6)
    #expect(abs(figures.lossFraction - 1 / 62) < 1e-6)
    #expect(abs(figures.discardFraction - 1 / 62) < 1e-6)
  }

  @Test func aBurstEndsWithItsLastLoss() {
    // 20 came, a burst of 7 packets with 4 missing, 30 came.
    let figures = count(came(20) + "x..xdx" + "." + "x" + came(30))
    #expect(figures.burstPackets == 8)
    #expect(abs(figures.burstDensity - 5 / 8) < 1e-6)
    #expect(figures.gapPackets == 25)
    #expect(figures.gapDensity == 0)
  }

  @Test func sixteenInARowEndABurst() {
    #expect(count(came(20) + "x" + came(15) + "x" + came(20)).burstPackets == 17)
    #expect(count(came(20) + "x" + came(16) + "x" + came(20)).burstPackets == 0)
  }

  @Test func meansOverSeveralBursts() {
    let figures = count(came(100) + "xx" + came(50) + "xxxx" + came(50) + "x" + came(49))
    #expect(figures.burstPackets == 3)
    #expect(figures.burstDensity == 1)
    #expect(abs(figures.gapPackets - 250 / 3) < 1e-4)
    #expect(abs(figures.gapDensity - 1 / 250) < 1e-6)
  }

  @Test func aCallThatStartsAndEndsInLoss() {
    let figures = count("xx" + came(40) + "xx")
    #expect(figures.burstPackets == 2)
    #expect(figures.gapPackets == 40)
  }

  @Test func burstRatioTellsChanceFromBunches() {
    var random = UInt64(7)
    var byChance = BurstGapMeter()
    var bunched = BurstGapMeter()
    var isBad = false
    for _ in 0..<40_000 {
      random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let draw = Double(random >> 11) / Double(1 << 53)
      if draw < 0.05 { byChance.lose() } else { byChance.receive() }
      // Runs of five on average, 5 % in all.
      if draw < (isBad ? 0.2 : 0.2 * 0.05 / 0.95) { isBad.toggle() }
      if isBad { bunched.lose() } else { bunched.receive() }
    }
    #expect(abs(byChance.figures.burstRatio - 1) < 0.05)
    #expect(abs(bunched.figures.burstRatio - 5 * 0.95) < 0.5)
    #expect(count("." + "xxxx").burstRatio == 1, "too few losses tell nothing")
  }
}

struct PacketFatesTests {
  @Test func countsWhatIsUnderWay() {
    var fates = PacketFates()
    for sequence in [100, 101, 103, 104] as [Int64] { fates.note(sequence: sequence, isDiscarded: sequence == 103) }
    #expect(fates.expected == 5)
    #expect(fates.figures.lossFraction == 0.2)
    #expect(fates.figures.discardFraction == 0.2)
  }

  @Test func aPacketThatComesLateIsNotLost() {
    var fates = PacketFates()
    for sequence in 0..<200 as Range<Int64> where sequence != 50 { fates.note(sequence: sequence, isDiscarded: false) }
    #expect(fates.figures.lossFraction == 0.005)
    var patient = PacketFates()
    for sequence in 0..<200 as Range<Int64> where sequence != 50 {
      patient.note(sequence: sequence, isDiscarded: false)
      if sequence == 70 { patient.note(sequence: 50, isDiscarded: true) }
    }
    #expect(patient.figures.lossFraction == 0)
    #expect(patient.figures.discardFraction == 0.005)
  }

  @Test func doublesChangeNothing() {
    var fates = PacketFates()
    for sequence in 0..<100 as Range<Int64> {
      fates.note(sequence: sequence, isDiscarded: false)
      fates.note(sequence: sequence, isDiscarded: true)
    }
    #expect(fates.figures.discardFraction == 0)
    #expect(fates.expected == 100)
  }

  @Test func aGapOfManyPacketsIsOneBurst() {
    var fates = PacketFates()
    for sequence in 0..<100 as Range<Int64> { fates.note(sequence: sequence, isDiscarded: false) }
    for sequence in 400..<600 as Range<Int64> { fates.note(sequence: sequence, isDiscarded: false) }
    #expect(fates.figures.lossFraction == 0.5)
    #expect(fates.figures.burstPackets == 300)
    #expect(fates.figures.gapPackets == 150)
  }

  @Test func aRestartKeepsTheCount() {
    var fates = PacketFates()
    for sequence in 0..<10 as Range<Int64> where sequence != 4 { fates.note(sequence: sequence, isDiscarded: false) }
    fates.restart()
    for sequence in 5_000_000..<5_000_010 as Range<Int64> { fates.note(sequence: sequence, isDiscarded: false) }
    #expect(fates.expected == 20)
    #expect(fates.figures.lossFraction == 0.05)
  }

  @Test func absurdNumbersDoNoHarm() {
    var fates = PacketFates()
    for sequence in [0, .max, .min, -1, .max, 1, .min] as [Int64] { fates.note(sequence: sequence, isDiscarded: false) }
    #expect(fates.figures.lossFraction <= 1)
  }
}
