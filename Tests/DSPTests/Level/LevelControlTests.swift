import DSP
import Foundation
import RealTime
import Testing

private func sine(_ frequency: Double, dbm0: Float, from start: Int, offset: Double = 0) -> AudioFrame {
  let peak = Double(Level.sinePeak(dbm0: dbm0))
  return AudioFrame(
    (0..<80).map { index in
      let value = peak * sin(2 * .pi * frequency * Double(start + index) / 8_000) + offset
      return Int16(max(-32_768, min(32_767, value)))
    })
}

@Suite("Hum filter")
struct HumFilterTests {
  /// The level after `frames` frames, over the last 100 of them, dBm0.
  private func level(_ frequency: Double, offset: Double = 0, dbm0: Float = -20) -> Float {
    var filter = HumFilter()
    var sum: Float = 0
    for number in 0..<200 {
      var frame = sine(frequency, dbm0: dbm0, from: number * 80, offset: offset)
      filter.process(&frame)
      if number >= 100 { sum += Level.meanSquare(frame) / 100 }
    }
    return Level.dbm0(meanSquare: sum)
  }

  @Test(arguments: [(50.0, 31.0), (60, 34), (100, 18), (120, 10)])
  func hum(_ frequency: Double, atLeast decibels: Double) {
    #expect(Double(-20 - level(frequency)) > decibels)
  }

  @Test(arguments: [180.0, 250, 300, 1_000, 3_400])
  func speechIsLeft(frequency: Double) {
    #expect(abs(level(frequency) + 20) < 0.4)
  }

  @Test func directCurrentIsGone() {
    #expect(level(1_000, offset: 3_000) < -19.6)
    #expect(level(1_000, offset: 3_000, dbm0: -96) < -80)
  }

  @Test func silenceStaysSilence() {
    var filter = HumFilter()
    var frame = sine(1_000, dbm0: 0, from: 0)
    filter.process(&frame)
    for _ in 0..<100 {
      frame = AudioFrame()
      filter.process(&frame)
    }
    #expect(frame == AudioFrame())
  }
}

@Suite("Level control")
struct LevelControlTests {
  /// Words of 600 ms with pauses between, of a tone at this level; what came out in the last words, dBm0, and the largest sample.
  private func speak(_ control: inout LevelControl, dbm0: Float, seconds: Int) -> (level: Float, peak: Int) {
    var sum: Float = 0
    var count: Float = 0
    var peak = 0
    for number in 0..<seconds * 100 {
      let isWord = number % 100 < 60
      var frame = sine(700, dbm0: isWord ? dbm0 : -65, from: number * 80)
      control.apply(to: &frame)
      guard isWord, number % 100 > 5, number >= (seconds - 3) * 100 else { continue }
      sum += Level.meanSquare(frame)
      count += 1
      peak = max(peak, frame.array.map { abs(Int($0)) }.max() ?? 0)
    }
    return (Level.dbm0(meanSquare: sum / count), peak)
  }

  @Test func withoutGainNothingChanges() {
    var control = LevelControl()
    var frame = sine(700, dbm0: 3, from: 0)
    let before = frame
    control.apply(to: &frame)
    #expect(frame == before)
  }

  @Test(arguments: [(-12.0, -12.0), (6, 6), (0, 0), (-40, -24), (40, 24)])
  func fixedGain(_ wanted: Double, given: Double) {
    var control = LevelControl()
    control.set(decibels: Float(wanted))
    let out = speak(&control, dbm0: -30, seconds: 4)
    #expect(abs(Double(out.level) - (-30 + given)) < 0.3)
  }

  @Test(arguments: [(-28.0, -18.0), (-24, -18), (-10, -18), (-18, -18), (-36, -24)])
  func speechComesToItsLevel(_ said: Double, heard: Double) {
    var control = LevelControl()
    control.automate(true)
    let out = speak(&control, dbm0: Float(said), seconds: 30)
    #expect(abs(Double(out.level) - heard) < 1.5, "\(out.level)")
  }

  @Test func pausesAreNotRaised() {
    var control = LevelControl()
    control.automate(true)
    for number in 0..<3_000 {
      var frame = sine(700, dbm0: -60, from: number * 80)
      control.apply(to: &frame)
    }
    #expect(control.automaticGain == 0)
  }

  /// 12 dB more than fit: bent at the top of the range by the limiter, not cut.
  @Test func theLimiterKeepsPeaksWhole() {
    var control = LevelControl()
    control.set(decibels: 18)
    let out = speak(&control, dbm0: -3, seconds: 5)
    #expect(out.peak <= 28_100)
    #expect(out.level > 1 && out.level < 2.1)
  }

  @Test func aStepOfGainMakesNoClick() {
    var control = LevelControl()
    control.set(decibels: -0.01)
    var last = (0, 0)
    var roughest = 0
    for number in 0..<200 {
      if number == 100 { control.set(decibels: -20) }
      var frame = sine(300, dbm0: -10, from: number * 80)
      control.apply(to: &frame)
      for sample in frame.array {
        if number > 0 { roughest = max(roughest, abs(Int(sample) - 2 * last.1 + last.0)) }
        last = (last.1, Int(sample))
      }
    }
    // The tone's own curvature is 790.
    #expect(roughest < 3_000)
  }
}
