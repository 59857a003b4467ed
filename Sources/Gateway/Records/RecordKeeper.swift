package import CallControl
package import ControlAPI
import Dispatch
import Foundation
package import Logging
import Synchronization

/// Keeps call records on a thread of its own: a disk that is slow, full or locked costs records, never calls.
///
/// What is to be written waits here, the newest state of each call once. A batch that cannot be written is tried again a few times,
/// then given up and counted. Any thread.
package final class RecordKeeper: Sendable {
  package struct Settings: Sendable {
    /// Between the first call that waits and its being written; the default is 100 ms.
    package var delay: Duration = .milliseconds(100)
    /// Between two tries; the default is 1, 2, 4, 8 and 15 s.
    package var retries: [Duration] = [.seconds(1), .seconds(2), .seconds(4), .seconds(8), .seconds(15)]
    /// Calls that may wait; the default is 10,000.
    package var capacity = 10_000
    /// How long another process's lock on the file is waited for, s; the default is 1.
    package var busyTimeout = 1.0

    package init() {}
  }

  package struct Statistics: Sendable, Equatable {
    /// Rows: a call is written when it begins, is answered and ends, or less often where that is close together.
    package var written = 0
    package var retried = 0
    package var lost = 0

    package init(written: Int = 0, retried: Int = 0, lost: Int = 0) {
      self.written = written
      self.retried = retried
      self.lost = lost
    }
  }

  private struct Waiting {
    var calls: [CallID: CallRecord] = [:]
    var isScheduled = false
    var isClosed = false
    var failures = 0
    var statistics = Statistics()
  }

  private let path: String
  private let presenter: CallPresenter
  private let logger: Logger
  private let settings: Settings
  private let queue = DispatchQueue(label: "records")
  private let waiting = Mutex(Waiting())
  /// Only on the queue.
  private nonisolated(unsafe) var store: RecordStore?

  package init(path: String, presenter: CallPresenter, logger: Logger, settings: Settings = Settings()) {
    self.path = path
    self.presenter = presenter
    self.logger = logger
    self.settings = settings
  }

  package var statistics: Statistics { waiting.withLock { $0.statistics } }

  /// Opens the file and ends the records of calls that a crash cut off; where that fails it is tried again with the first record.
  package func open() async {
    await onQueue { keeper in
      do { try keeper.openStore() } catch { keeper.logger.error("call records cannot be kept", metadata: ["reason": "\(error)"]) }
    }
  }

  /// Writes what waits, a last time, and closes the file.
  package func close() async {
    await onQueue { keeper in
      keeper.write()
      let left = keeper.waiting.withLock { waiting in
        waiting.isClosed = true
        waiting.statistics.lost += waiting.calls.count
        defer { waiting.calls = [:] }
        return waiting.calls.count
      }
      if left > 0 { keeper.logger.error("call records lost", metadata: ["count": "\(left)"]) }
      try? keeper.store?.close()
      keeper.store = nil
    }
  }

  /// To be written soon; returns at once.
  package func save(_ record: CallRecord) {
    let isFirst = waiting.withLock { waiting in
      guard !waiting.isClosed else { return false }
      guard waiting.calls.count < settings.capacity || waiting.calls[record.id] != nil else {
        waiting.statistics.lost += 1
        return false
      }
      waiting.calls[record.id] = record
      defer { waiting.isScheduled = true }
      return !waiting.isScheduled
    }
    if isFirst { schedule(settings.delay) }
  }

  /// Tries to write what waits, now.
  package func flush() async { await onQueue { $0.write() } }

  // MARK: Reading

  /// The last calls that ended, newest first, those included that wait to be written.
  package func ended(limit: Int) async throws -> [CallStatus] {
    try await ask { keeper, store in
      let waiting = keeper.waitingCalls { $0.end != nil }
      guard !waiting.isEmpty else { return try store.ended(limit: limit) }
      let names = Set(waiting.map(\.id))
      let all = waiting + (try store.ended(limit: limit)).filter { !names.contains($0.id) }
      return Array(all.sorted { ($0.endedAt ?? $0.startedAt) > ($1.endedAt ?? $1.startedAt) }.prefix(limit))
    }
  }

  package func call(id: String) async throws -> CallStatus? {
    try await ask { keeper, store in
      if let number = keeper.presenter.call(id), let waiting = keeper.waitingCalls(where: { $0.id == number }).first { return waiting }
      return try store.call(id: id)
    }
  }

  private func waitingCalls(where isWanted: (CallRecord) -> Bool) -> [CallStatus] {
    waiting.withLock { Array($0.calls.values) }.filter(isWanted).map(presenter.status)
  }

  private func ask<Answer: Sendable>(_ question: @escaping @Sendable (RecordKeeper, RecordStore) throws -> Answer) async throws -> Answer {
    let answer = await onQueue { keeper in
      Result {
        // While writing fails, only the schedule tries: reading must not use up the tries.
        if keeper.waiting.withLock({ $0.failures == 0 }) { keeper.write() }
        return try question(keeper, try keeper.openStore())
      }
    }
    do {
      return try answer.get()
    } catch {
      throw ControlError.unavailable("the call records cannot be read: \(error)")
    }
  }

  // MARK: On the queue

  private func onQueue<Answer: Sendable>(_ work: @escaping @Sendable (RecordKeeper) -> Answer) async -> Answer {
    await withCheckedContinuation { continuation in
      queue.async { [self] in continuation.resume(returning: work(self)) }
    }
  }

  private func schedule(_ delay: Duration) {
    queue.asyncAfter(deadline: .now() + .nanoseconds(Int(delay.inNanoseconds))) { [weak self] in self?.write() }
  }

  @discardableResult
  private func openStore() throws -> RecordStore {
    if let store { return store }
    let opened = try RecordStore(path: path, busyTimeout: settings.busyTimeout)
    let cut = try opened.closeCutCalls(run: presenter.run, at: Date())
    if cut > 0 { logger.notice("records of calls that a restart cut off were closed", metadata: ["count": "\(cut)"]) }
    store = opened
    return opened
  }

  private func write() {
    let batch = waiting.withLock { waiting in
      waiting.isScheduled = false
      return waiting.calls
    }
    guard !batch.isEmpty else { return }
    do {
      try openStore().save(batch.values.map(presenter.status), run: presenter.run)
      let hadFailed = waiting.withLock { waiting in
        for (id, record) in batch where waiting.calls[id] == record { waiting.calls[id] = nil }
        waiting.statistics.written += batch.count
        defer { waiting.failures = 0 }
        return waiting.failures > 0
      }
      if hadFailed { logger.notice("call records can be written again") }
    } catch {
      failed(batch, error)
    }
  }

  private enum Verdict {
    /// Somebody else's try is due already.
    case waits
    case again(after: Duration)
    case lost
  }

  private func failed(_ batch: [CallID: CallRecord], _ error: any Error) {
    let verdict = waiting.withLock { waiting -> Verdict in
      if waiting.failures < settings.retries.count {
        guard !waiting.isScheduled else { return .waits }
        let wait = settings.retries[waiting.failures]
        waiting.failures += 1
        waiting.statistics.retried += 1
        waiting.isScheduled = true
        return .again(after: wait)
      }
      // Given up; the next batch begins with the longest wait, so that a full disk is not asked all the time.
      for (id, record) in batch where waiting.calls[id] == record { waiting.calls[id] = nil }
      waiting.statistics.lost += batch.count
      waiting.failures = max(settings.retries.count - 1, 0)
      return .lost
    }
    let details: Logger.Metadata = ["reason": "\(error)", "count": "\(batch.count)"]
    switch verdict {
    case .waits: break
    case .again(let wait):
      logger.warning("call records wait: they cannot be written", metadata: details)
      schedule(wait)
    case .lost: logger.error("call records lost: they cannot be written", metadata: details)
    }
  }
}
