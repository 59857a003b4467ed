package import ControlAPI
import Synchronization

/// Gives what happens to everyone who watches; a reader that does not keep up misses the oldest.
package final class EventHub: Sendable {
  private static let backlog = 1_000

  private struct Readers {
    var continuations: [Int: AsyncStream<GatewayEvent>.Continuation] = [:]
    var next = 0
    var isFinished = false
  }

  private let readers = Mutex(Readers())
  private let count = Atomic<Int>(0)

  package init() {}

  /// Whether anybody watches.
  package var hasReaders: Bool { count.load(ordering: .relaxed) > 0 }

  package func publish(_ event: GatewayEvent) {
    let continuations = readers.withLock { Array($0.continuations.values) }
    for continuation in continuations { continuation.yield(event) }
  }

  package func subscribe() -> AsyncStream<GatewayEvent> {
    let (stream, continuation) = AsyncStream<GatewayEvent>.makeStream(bufferingPolicy: .bufferingNewest(Self.backlog))
    let key = readers.withLock { readers -> Int? in
      guard !readers.isFinished else { return nil }
      readers.next += 1
      readers.continuations[readers.next] = continuation
      count.store(readers.continuations.count, ordering: .relaxed)
      return readers.next
    }
    guard let key else {
      continuation.finish()
      return stream
    }
    continuation.onTermination = { [weak self] _ in self?.remove(key) }
    return stream
  }

  /// Ends all streams; later ones end at once.
  package func finish() {
    let continuations = readers.withLock { readers in
      readers.isFinished = true
      return Array(readers.continuations.values)
    }
    for continuation in continuations { continuation.finish() }
  }

  private func remove(_ key: Int) {
    readers.withLock { readers in
      readers.continuations[key] = nil
      count.store(readers.continuations.count, ordering: .relaxed)
    }
  }
}
