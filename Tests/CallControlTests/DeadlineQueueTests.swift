import CallControl
import Testing

@Suite struct DeadlineQueueTests {
  @Test func earliestFirstAndEqualOnesInTheOrderTheyWereSet() {
    var queue = DeadlineQueue<String>()
    queue.set("late", to: .seconds(3))
    queue.set("first", to: .seconds(1))
    queue.set("second", to: .seconds(1))
    #expect(queue.next == .seconds(1))
    #expect(queue.popDue(at: .milliseconds(999)) == nil)
    #expect(queue.popDue(at: .seconds(3)) == "first")
    #expect(queue.popDue(at: .seconds(3)) == "second")
    #expect(queue.popDue(at: .seconds(3)) == "late")
    #expect(queue.isEmpty)
    #expect(queue.next == nil)
  }

  @Test func aKeyHasOneDeadline() {
    var queue = DeadlineQueue<Int>()
    queue.set(1, to: .seconds(1))
    queue.set(1, to: .seconds(5))
    #expect(queue.next == .seconds(5))
    queue.set(1, to: nil)
    #expect(queue.isEmpty)
    #expect(queue.next == nil)
  }

  @Test func agreesWithASortedListUnderManyChanges() {
    var queue = DeadlineQueue<Int>()
    var expected: [Int: Int] = [:]
    var state: UInt64 = 7
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    for _ in 0..<20_000 {
      let key = random(50)
      switch random(4) {
      case 0:
        queue.set(key, to: nil)
        expected[key] = nil
      default:
        let deadline = random(1000)
        queue.set(key, to: .milliseconds(deadline))
        expected[key] = deadline
      }
      #expect(queue.next == expected.values.min().map { .milliseconds($0) })
    }
    var popped: [Int] = []
    while let next = queue.next, let key = queue.popDue(at: next) { popped.append(expected.removeValue(forKey: key) ?? -1) }
    #expect(popped == popped.sorted())
    #expect(expected.isEmpty)
  }
}
