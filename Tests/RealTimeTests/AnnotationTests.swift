import CAllocationCounter
import RealTime
import Testing

/// What a tick does with the module's types, under the compiler's own check.
private struct Tick: ~Copyable {
  let ring: Ring<AudioFrame>
  let counters: Ring<Int>
  let pipe: WakePipe
  let timer: AbsoluteTimer

  init(pipe: consuming WakePipe, timer: consuming AbsoluteTimer) {
    ring = Ring(minimumCapacity: 8)
    counters = Ring(minimumCapacity: 8)
    self.pipe = pipe
    self.timer = timer
  }

  @_noLocks
  borrowing func run(_ frame: AudioFrame) -> Int {
    var copy = frame
    copy[3] = 7
    var sum = 0
    copy.withSamples { samples in
      for index in 0..<samples.count { sum &+= Int(samples[index]) }
    }
    copy.withMutableSamples { samples in
      for index in 0..<samples.count { samples[index] = samples[index] &+ Int16(truncatingIfNeeded: sum) }
    }
    ring.push(copy)
    counters.push(sum)
    pipe.wake()
    let now = MediaTime.now() + .milliseconds(10)
    guard let first = ring.pop(), let count = counters.pop() else { return -1 }
    return Int(first[3]) &+ count &+ timer.expirations() &- timer.expirations() &+ (now > .zero ? 1 : 0)
  }
}

@Test func tickOverTheModuleAllocatesAndLocksNothing() throws {
  let tick = Tick(pipe: try WakePipe(), timer: try AbsoluteTimer(first: .now(), interval: .milliseconds(10)))
  let frame = AudioFrame(repeating: 1)
  allocation_counter_start()
  var last = 0
  for _ in 0..<100 { last = tick.run(frame) }
  let counts = allocation_counter_stop()
  #expect(last >= 0)
  #expect(counts.allocations == 0)
  #expect(counts.frees == 0)
  #expect(counts.locks == 0)
}
