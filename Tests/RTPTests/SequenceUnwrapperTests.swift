import RTP
import Testing

struct SequenceUnwrapperTests {
  @Test func countsThroughWrapsWithDisorder() {
    var unwrapper = SequenceUnwrapper()
    var generator = SeededGenerator(seed: 3)
    let order = (60_000..<200_000).map { ($0, $0 + Int.random(in: 0...20, using: &generator)) }.sorted { $0.1 < $1.1 }.map(\.0)
    let first = Int64(order[0])
    for number in order {
      #expect(unwrapper.unwrap(UInt16(truncatingIfNeeded: number)) == Int64(number) - first + Int64(UInt16(truncatingIfNeeded: first)))
    }
  }

  @Test func takesTheNearest() {
    var unwrapper = SequenceUnwrapper()
    #expect(unwrapper.unwrap(0) == 0)
    #expect(unwrapper.unwrap(65_535) == -1)
    #expect(unwrapper.unwrap(32_767) == 32_767)
    #expect(unwrapper.unwrap(0) == 0)
    unwrapper.reset()
    #expect(unwrapper.unwrap(50_000) == 50_000)
  }

  @Test func timestampsToo() {
    var unwrapper = TimestampUnwrapper()
    #expect(unwrapper.unwrap(0xFFFF_FF00) == 0xFFFF_FF00)
    #expect(unwrapper.unwrap(0x100) == 0x1_0000_0100)
    #expect(unwrapper.unwrap(0xFFFF_FFF0) == 0xFFFF_FFF0)
    #expect(unwrapper.unwrap(0x200) == 0x1_0000_0200)
  }
}
