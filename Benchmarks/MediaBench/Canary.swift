import RealTime
import Synchronization

/// A real-time thread with a tick of 10 ms that does nothing else: what it misses, the machine made it miss.
final class Canary: @unchecked Sendable {
  private let missedCount = Atomic<Int>(0)
  private let isStopping = Atomic<Bool>(false)
  private var thread: RealTimeThread?

  /// `priority` is that of the media threads.
  init(priority: Int) throws(RealTimeError) {
    thread = try RealTimeThread(name: "canary", priority: priority) { [unowned self] in
      guard let timer = try? AbsoluteTimer(first: MediaTime.now() + .milliseconds(10), interval: .milliseconds(10)) else { return }
      while !isStopping.load(ordering: .relaxed) { missedCount.wrappingAdd(timer.wait() - 1, ordering: .relaxed) }
    }
  }

  /// Ticks missed so far.
  var missed: Int { missedCount.load(ordering: .relaxed) }

  func stop() {
    isStopping.store(true, ordering: .relaxed)
    thread?.join()
    thread = nil
  }
}
