import SIP
import Testing

struct TimerQueueTests {
  @Test(arguments: 1...5)
  func entriesComeUpInOrder(_ seed: UInt64) {
    var random = Generator(state: seed)
    var queue = TimerQueue<Int>()
    var expected: [Int] = []
    for _ in 0..<500 {
      let time = random.number(in: 0...200)
      queue.insert(time, at: .milliseconds(time))
      expected.append(time)
    }
    #expect(queue.removeFirst(dueAt: .milliseconds(-1)) == nil)
    var found: [Int] = []
    while let next = queue.nextDeadline, let key = queue.removeFirst(dueAt: next) { found.append(key) }
    #expect(found == expected.sorted())
    #expect(queue.count == 0)
  }

  @Test
  func ownerKeepsOneLiveEntry() {
    var slot = TimerSlot()
    #expect(slot.needsEntry(for: .seconds(5)) == true)
    #expect(slot.needsEntry(for: .seconds(6)) == false)
    #expect(slot.needsEntry(for: .seconds(2)) == true)
    #expect(slot.fired(now: .seconds(2)) == true)
    // The entry at 5 s has been replaced by one at 9 s.
    #expect(slot.needsEntry(for: .seconds(9)) == true)
    #expect(slot.fired(now: .seconds(5)) == false)
    #expect(slot.fired(now: .seconds(9)) == true)
    #expect(slot.needsEntry(for: nil) == false)
  }
}
