import RealTime
import Testing

struct MediaTimeTests {
  @Test func convertsUnits() {
    #expect(MediaTime.milliseconds(20).nanoseconds == 20_000_000)
    #expect(MediaTime.samples(80) == .milliseconds(10))
    #expect(MediaTime.milliseconds(10).wholeSamples == 80)
    #expect((MediaTime.seconds(1) - .milliseconds(1)).wholeMilliseconds == 999)
    #expect(MediaTime.microseconds(1_500).wholeMilliseconds == 1)
  }

  @Test func comparesBothWays() {
    let early = MediaTime.milliseconds(1)
    let late = MediaTime.milliseconds(2)
    #expect(early < late && late > early && early <= late && late >= early && early != late)
    #expect(!(early > early) && early >= early && early == early)
  }

  @Test func wrapsInsteadOfTrapping() {
    let end = MediaTime(nanoseconds: .max)
    #expect((end + .milliseconds(1)).nanoseconds < 0)
    #expect(MediaTime.seconds(.max) != .zero)
  }

  @Test func clockGoesForward() {
    let first = MediaTime.now()
    #expect(MediaTime.now() >= first)
    #expect(first > .zero)
  }

  @Test func frameTakesWhatThereIs() {
    let frame = AudioFrame([1, 2, 3])
    #expect(frame.array.prefix(4) == [1, 2, 3, 0])
    #expect(AudioFrame(0..<200)[79] == 79)
    #expect(AudioFrame() != frame)
  }
}
