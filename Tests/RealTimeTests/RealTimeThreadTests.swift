import CAllocationCounter
import RealTime
import Synchronization
import Testing

private final class Flag: Sendable {
  let value = Atomic<Int>(0)
}

/// An allocation the optimiser cannot remove.
private final class Box {
  var next: Box?
}

@inline(never) private func allocateChain(_ count: Int) -> Box {
  let first = Box()
  var last = first
  for _ in 1..<count {
    let box = Box()
    last.next = box
    last = box
  }
  return first
}

@Suite(.serialized) struct RealTimeThreadTests {
  @Test func runsItsBodyAndSaysWhetherFIFOWasGranted() throws {
    let flag = Flag()
    let thread = try RealTimeThread(name: "a name longer than fifteen", priority: 10) { flag.value.store(7, ordering: .releasing) }
    thread.join()
    thread.join()
    #expect(flag.value.load(ordering: .acquiring) == 7)
    #expect(thread.isFIFO != nil)
  }

  @Test func timerCountsThePeriodsThatWereMissed() throws {
    let timer = try AbsoluteTimer(first: .now() - .milliseconds(55), interval: .milliseconds(10))
    #expect(timer.wait() >= 6)
    timer.arm(first: .now() + .seconds(3_600), interval: .zero)
    #expect(timer.expirations() == 0)
    timer.arm(first: .zero, interval: .zero)
    #expect(timer.wait() == 1)
  }

  @Test func wakesAreOneUntilDrainedAndAFullPipeIsNoError() throws {
    let pipe = try WakePipe()
    #expect(pipe.drain() == false)
    for _ in 0..<100_000 { pipe.wake() }
    #expect(pipe.drain() == true)
    while pipe.drain() {}
    pipe.wake()
    #expect(pipe.drain() == true)
    #expect(pipe.drain() == false)
  }

  @Test func counterSeesTheAllocationsOfItsOwnThread() {
    allocation_counter_start()
    let kept = allocateChain(10)
    let counts = allocation_counter_stop()
    #expect(counts.allocations >= 10)
    #expect(kept.next != nil)
    allocation_counter_start()
    let quiet = allocation_counter_stop()
    #expect(quiet.allocations == 0 && quiet.locks == 0 && quiet.frees == 0)
  }
}
