import Foundation
import Gateway
import Testing

struct ControlClockTests {
  @Test func datesAndTimesAreTwoWordsForOneThing() {
    let clock = ControlClock()
    let date = clock.date(of: .seconds(-90))
    let time = clock.time(of: date)
    #expect(abs((time - .seconds(-90)).components.attoseconds) < 1_000_000_000_000)
    #expect(time < .zero)
  }

  @Test func aClockThatNobodySetHasNothingToFollow() {
    var clock = ControlClock()
    #expect(clock.follow() == nil)
  }
}
