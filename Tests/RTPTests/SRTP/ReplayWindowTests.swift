import RTP
import Testing

@Suite("Replay window")
struct ReplayWindowTests {
  /// Against a set of all that was seen.
  @Test func agreesWithASet() {
    var generator = SeededGenerator(seed: 3)
    var window = ReplayWindow(first: 1_000)
    var seen: Set<UInt64> = [1_000]
    var highest: UInt64 = 1_000
    for _ in 0..<100_000 {
      let reach = UInt64.random(in: 0...300, using: &generator)
      let index = Int.random(in: 0..<200, using: &generator) == 0 ? highest + reach : max(highest + 3, reach) - reach
      let expected = index > highest || (highest - index < ReplayWindow.size && !seen.contains(index))
      #expect(window.isFresh(index) == expected)
      guard expected else { continue }
      window.record(index)
      seen.insert(index)
      highest = max(highest, index)
      #expect(window.highest == highest)
    }
    #expect(seen.count > 5_000)
  }

  // RFC 3711, 3.3.1.
  @Test func aSequenceNumberIsTakenForTheNearestIndex() {
    let window = ReplayWindow(first: 3 << 16 | 100)
    #expect(window.estimate(101) == 3 << 16 | 101)
    #expect(window.estimate(65_000) == 2 << 16 | 65_000)
    #expect(window.estimate(32_868) == 3 << 16 | 32_868)
    #expect(window.estimate(32_869) == 2 << 16 | 32_869)
    let late = ReplayWindow(first: 3 << 16 | 65_500)
    #expect(late.estimate(65_499) == 3 << 16 | 65_499)
    #expect(late.estimate(5) == 4 << 16 | 5)
    #expect(late.estimate(32_732) == 3 << 16 | 32_732)
    #expect(late.estimate(32_731) == 4 << 16 | 32_731)
  }
}
