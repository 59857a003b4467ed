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

/// Timers of what is gone wake nobody.
struct StaleTimerTests {
  @Test
  func earliestDeadlineIsOneThatSomebodyWaitsFor() throws {
    let network = VirtualNetwork.pair { _, configuration in configuration.sessionExpires = 0 }
    network.answersCalls()
    let caller = network.call()
    network.run(until: .seconds(1))
    network.agents[0].hangUp(caller, reason: nil, now: network.now)
    // The last transactions end 32 s after the answer; timer C and the like were for 180 s and more.
    network.run(until: .seconds(40))
    #expect(network.isIdle)
    #expect(network.agents.map(\.nextDeadline) == [nil, nil])
    #expect(network.agents.map(\.timerCount) == [0, 0])
  }

  @Test
  func timersOfManyCallsAreFewerThanWhatIsLeftOfThem() {
    let network = VirtualNetwork.pair()
    network.answersCalls()
    for number in 0..<400 {
      network.at(.milliseconds(500 * number)) { network in
        let leg = network.call()
        network.at(network.now + .milliseconds(300)) { $0.agents[0].hangUp(leg, reason: nil, now: $0.now) }
      }
    }
    network.run(until: .milliseconds(200_000))
    for agent in network.agents {
      let owners = agent.legCount + agent.clientTransactionCount + agent.serverTransactionCount
      #expect(agent.timerCount <= 4 * owners + 65)
    }
  }

  @Test
  func pruningKeepsTheOrder() {
    var queue = TimerQueue<Int>()
    for number in 0..<200 { queue.insert(number, at: .seconds((number * 37) % 200)) }
    queue.prune(owners: 10) { key, _ in key % 10 == 0 }
    #expect(queue.count == 20)
    var last = Duration.zero
    while let deadline = queue.nextDeadline {
      #expect(deadline >= last)
      last = deadline
      _ = queue.removeFirst(dueAt: deadline)
    }
  }
}
