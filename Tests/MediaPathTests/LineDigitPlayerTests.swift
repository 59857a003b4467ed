import MediaPath
import Testing

@Suite("Digits toward the line")
struct LineDigitPlayerTests {
  /// What is heard, as runs of frames: "5×8 -×6 .×3" is digit 5 for 80 ms, 60 ms of silence, 30 ms of the call's audio.
  private func hear(_ player: inout LineDigitPlayer, frames: Int) -> String {
    var runs: [(String, Int)] = []
    for _ in 0..<frames {
      let sound: String
      var starts = false
      switch player.nextFrame() {
      case .audio: sound = "."
      case .silence: sound = "-"
      case .tone(let digit, let first):
        sound = String(UnicodeScalar(digit))
        starts = first
      }
      if let last = runs.last, last.0 == sound, !starts { runs[runs.count - 1].1 += 1 } else { runs.append((sound, 1)) }
    }
    return runs.map { "\($0.0)×\($0.1)" }.joined(separator: " ")
  }

  @Test func playsTheCallsAudioWhenIdle() {
    var player = LineDigitPlayer()
    #expect(hear(&player, frames: 5) == ".×5")
    #expect(!player.isBusy)
  }

  @Test func aPressLastsAsLongAsItWasKeyed() {
    var player = LineDigitPlayer()
    player.press(UInt8(ascii: "5"), milliseconds: 200)
    #expect(hear(&player, frames: 30) == "5×20 -×6 .×4")
  }

  @Test func aShortPressIsMadeLongEnough() {
    var player = LineDigitPlayer()
    player.press(UInt8(ascii: "5"), milliseconds: 20)
    #expect(hear(&player, frames: 15) == "5×8 -×6 .×1")
  }

  @Test func fastPressesAreHeardOneByOne() {
    var player = LineDigitPlayer()
    player.press(UInt8(ascii: "1"), milliseconds: 40)
    player.press(UInt8(ascii: "1"), milliseconds: 40)
    player.press(UInt8(ascii: "2"), milliseconds: 40)
    #expect(hear(&player, frames: 43) == "1×8 -×6 1×8 -×6 2×8 -×6 .×1")
  }

  @Test func aHeldKeySoundsUntilItIsReleased() {
    var player = LineDigitPlayer()
    player.hold(UInt8(ascii: "#"))
    #expect(hear(&player, frames: 30) == "#×30")
    player.release(milliseconds: 300)
    #expect(hear(&player, frames: 7) == "-×6 .×1")
  }

  @Test func aReleaseThatComesEarlyKeepsTheWholeDuration() {
    var player = LineDigitPlayer()
    player.hold(UInt8(ascii: "#"))
    #expect(hear(&player, frames: 2) == "#×2")
    player.release(milliseconds: 100)
    #expect(hear(&player, frames: 9) == "#×8 -×1")
  }

  @Test func aReleaseFindsItsPressBehindOthers() {
    var player = LineDigitPlayer()
    player.hold(UInt8(ascii: "7"))
    player.press(UInt8(ascii: "8"), milliseconds: 80)
    player.release(milliseconds: 80)
    #expect(hear(&player, frames: 29) == "7×8 -×6 8×8 -×6 .×1")
  }

  @Test func aKeyThatIsNeverReleasedEndsAfterThirtySeconds() {
    var player = LineDigitPlayer()
    player.hold(UInt8(ascii: "7"))
    #expect(hear(&player, frames: 3_007) == "7×3000 -×6 .×1")
  }

  @Test func dialsAndTellsWhenDone() {
    var player = LineDigitPlayer()
    player.dial(DigitString("12"), toneMilliseconds: 80, gapMilliseconds: 80)
    #expect(hear(&player, frames: 32) == "1×8 -×8 2×8 -×8")
    #expect(player.takeCompletedDials() == 0)
    #expect(hear(&player, frames: 1) == ".×1")
    #expect(player.takeCompletedDials() == 1)
    #expect(player.takeCompletedDials() == 0)
  }

  @Test func aCommaIsHalfASecond() {
    var player = LineDigitPlayer()
    player.dial(DigitString("1,2"), toneMilliseconds: 80, gapMilliseconds: 80)
    #expect(hear(&player, frames: 75) == "1×8 -×58 2×8 -×1")
  }

  @Test func anEmptyNumberIsDoneAtOnce() {
    var player = LineDigitPlayer()
    player.dial(DigitString(""), toneMilliseconds: 80, gapMilliseconds: 80)
    #expect(player.takeCompletedDials() == 1)
  }

  @Test func aFullQueueDropsAndCounts() {
    var player = LineDigitPlayer()
    for _ in 0..<(LineDigitPlayer.capacity + 3) { player.press(UInt8(ascii: "1"), milliseconds: 80) }
    #expect(player.dropped == 3)
  }

  @Test func digitStringsKeepWhatCanBeDialled() {
    let digits = DigitString("+81 3-3333,b*#z")
    let text = (0..<digits.count).map { String(UnicodeScalar(digits.digit(at: $0))) }.joined()
    #expect(text == "8133333,B*#")
    #expect(DigitString(String(repeating: "1", count: 100)).count == DigitString.capacity)
    #expect(digits.digit(at: 99) == 0)
  }
}
