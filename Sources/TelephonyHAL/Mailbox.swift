import Synchronization

/// Messages between control and a driver thread, in order; what they carry may own memory, so a `Ring` cannot hold them.
///
/// Neither side ever waits for the other: a side that finds the box taken keeps its message and tries again. Not for the media thread.
package final class Mailbox<Message: Sendable>: Sendable {
  private let messages = Mutex<[Message]>([])
  /// Whether anything waits; spares the lock where nothing does: a wake may be about any of a thousand lines.
  private let hasMessages = Atomic<Bool>(false)

  package init() {}

  /// Appends; the lock is held by the other side for a few instructions at most.
  ///
  /// Control thread.
  package func post(_ message: Message) {
    messages.withLock {
      $0.append(message)
      hasMessages.store(true, ordering: .releasing)
    }
  }

  /// Appends all and empties `pending`, unless the other side has the box: then nothing is done and false returned.
  ///
  /// Driver thread.
  package func tryPost(_ pending: inout [Message]) -> Bool {
    guard !pending.isEmpty else { return false }
    let posted: Void? = messages.withLockIfAvailable {
      $0.append(contentsOf: pending)
      hasMessages.store(true, ordering: .releasing)
    }
    guard posted != nil else { return false }
    pending.removeAll(keepingCapacity: true)
    return true
  }

  /// Takes the oldest message.
  ///
  /// Control thread.
  package func next() -> Message? {
    guard hasMessages.load(ordering: .acquiring) else { return nil }
    return messages.withLock { messages in
      defer { if messages.isEmpty { hasMessages.store(false, ordering: .releasing) } }
      return messages.isEmpty ? nil : messages.removeFirst()
    }
  }

  /// Takes all messages, unless the other side has the box: then none, and they come the next time.
  ///
  /// Driver thread.
  package func tryTakeAll() -> [Message] {
    guard hasMessages.load(ordering: .acquiring) else { return [] }
    return messages.withLockIfAvailable { waiting in
      guard !waiting.isEmpty else { return [] }
      let taken = waiting
      waiting.removeAll()
      hasMessages.store(false, ordering: .releasing)
      return taken
    } ?? []
  }
}
