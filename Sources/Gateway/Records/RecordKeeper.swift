package import CallControl
import ControlAPI
import Dispatch
import Foundation
package import Logging
import Synchronization

// What happens to a record:
//
//   save ──▶ waiting, the newest state of each call ── delay ──▶ one transaction ──▶ written
//               ▲   │ more than the capacity: lost, counted            │ disk full, locked, gone
//               │   ▼                                                  ▼
//               └── stays ◀────────── 1, 2, 4, 8, 15, 15 … s ◀── retried, counted
//                                                                      │ the file is broken
//                                              set aside, a new one ◀──┘

/// Keeps call records on a thread of its own: a disk that is slow, full or locked costs records, never calls.
///
/// Any thread.
package final class RecordKeeper: Sendable {
  package struct Settings: Sendable {
    /// Between the first call that waits and its being written; the default is 250 ms.
    package var delay: Duration = .milliseconds(250)
    /// Between two tries, the last of them again and again; the default is 1, 2, 4, 8 and 15 s.
    package var retries: [Duration] = [.seconds(1), .seconds(2), .seconds(4), .seconds(8), .seconds(15)]
    /// Calls that may wait; the default is 10,000.
    package var capacity = 10_000
    /// How long another process's lock on the file is waited for, s; the default is 0.5.
    package var busyTimeout = 0.5
    /// Between two signs of life while calls run: by so much a crash is dated wrongly at most; the default is 2 s.
    package var signOfLife: Duration = .seconds(2)
    /// From the opening of the file to the first removal of old records, and from one to the next; the defaults are a minute and an hour.
    package var pruning: (first: Duration, next: Duration) = (.seconds(60), .seconds(3600))
    /// How many old records go in one transaction, and in how many transactions at a time; the defaults are 1,000 and 20.
    package var pruned: (rows: Int, times: Int) = (1_000, 20)
    /// Opens the store: a path and the time-out above.
    package var open: @Sendable (String, Double) throws -> any RecordStoring = { try RecordStore(path: $0, busyTimeout: $1) }

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

  /// What an earlier run left behind.
  package struct Past: Sendable {
    package var talks: [SavedTalk]
    package var registrations: [SavedRegistration]
  }

  struct Waiting {
    var calls: [CallID: CallRecord] = [:]
    /// Accounts whose registrations have changed, each with all of them.
    var registrations: [String: [SavedRegistration]] = [:]
    /// Calls that have begun and not ended.
    var running: Set<CallID> = []
    var isScheduled = false
    var isClosed = false
    var failures = 0
    /// Why nothing can be written, since `failures` is not zero.
    var reason: String?
    var hasLost = false
    var keepDays: Int
    var statistics = Statistics()
    var restored: (@Sendable (Past) -> Void)?
  }

  private let path: String
  let presenter: CallPresenter
  let logger: Logger
  let settings: Settings
  private let queue = DispatchQueue(label: "records")
  let waiting: Mutex<Waiting>
  /// Only on the queue.
  private nonisolated(unsafe) var store: (any RecordStoring)?
  /// Only on the queue: whether a sign of life is due.
  private nonisolated(unsafe) var isWatching = false
  /// Only on the queue: what is registered now, as far as was told.
  private nonisolated(unsafe) var known: [String: [SavedRegistration]] = [:]
  /// Only on the queue.
  private nonisolated(unsafe) var isPruning = false

  package init(path: String, presenter: CallPresenter, logger: Logger, keepDays: Int = 365, settings: Settings = Settings()) {
    self.path = path
    self.presenter = presenter
    self.logger = logger
    self.settings = settings
    waiting = Mutex(Waiting(keepDays: keepDays))
  }

  package var statistics: Statistics { waiting.withLock { $0.statistics } }

  /// Days after which a record is removed.
  package var keepDays: Int {
    get { waiting.withLock { $0.keepDays } }
    set { waiting.withLock { $0.keepDays = newValue } }
  }

  /// Opens the file, ends the records of calls that a crash cut off, and tells once what an earlier run left; where that fails it is tried
  /// again until it succeeds, and this returns after the first try.
  package func open(_ restored: @escaping @Sendable (Past) -> Void = { _ in }) async {
    waiting.withLock { $0.restored = restored }
    await onQueue { $0.write() }
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
    let (isFirst, hasLost, isWatched) = waiting.withLock { waiting in
      guard !waiting.isClosed else { return (false, false, false) }
      let wasQuiet = waiting.running.isEmpty
      if record.end == nil { waiting.running.insert(record.id) } else { waiting.running.remove(record.id) }
      guard waiting.calls.count < settings.capacity || waiting.calls[record.id] != nil else {
        waiting.statistics.lost += 1
        defer { waiting.hasLost = true }
        return (false, !waiting.hasLost, false)
      }
      waiting.calls[record.id] = record
      defer { waiting.isScheduled = true }
      return (!waiting.isScheduled, false, wasQuiet && record.end == nil)
    }
    if isFirst { schedule(settings.delay) }
    if isWatched { queue.async { [self] in watch() } }
    if hasLost { logger.error("call records are lost: they cannot be written, and no more can wait") }
  }

  /// All that is registered for these accounts now, to be written soon; returns at once.
  package func save(_ registrations: [String: [SavedRegistration]]) {
    let isFirst = waiting.withLock { waiting in
      guard !waiting.isClosed, !registrations.isEmpty else { return false }
      waiting.registrations.merge(registrations) { $1 }
      defer { waiting.isScheduled = true }
      return !waiting.isScheduled
    }
    if isFirst { schedule(settings.delay) }
  }

  /// Tries to write what waits, now.
  package func flush() async { await onQueue { $0.write() } }

  // MARK: On the queue

  func onQueue<Answer: Sendable>(_ work: @escaping @Sendable (RecordKeeper) -> Answer) async -> Answer {
    await withCheckedContinuation { continuation in
      queue.async { [self] in continuation.resume(returning: work(self)) }
    }
  }

  private func schedule(_ delay: Duration) {
    queue.asyncAfter(deadline: .now() + .nanoseconds(Int(delay.inNanoseconds))) { [weak self] in self?.write() }
  }

  private var wallTime: Date {
    let clock = presenter.clock
    return clock.date(of: clock.now)
  }

  /// Does something with the store, which is opened first where need be; one that turns out to be broken is set aside, once.
  func withStore<Answer>(_ work: (any RecordStoring) throws -> Answer) throws -> Answer {
    do {
      return try work(openStore())
    } catch  where DamagedFile.isMeant(by: error) {
      try? store?.close()
      store = nil
      let kept = try DamagedFile.setAside(path, at: wallTime)
      logger.error("the call records were damaged and are begun anew", metadata: ["reason": "\(error)", "kept": "\(kept)"])
      waiting.withLock { waiting in waiting.registrations.merge(known) { first, _ in first } }
      return try work(openStore())
    }
  }

  private func openStore() throws -> any RecordStoring {
    if let store { return store }
    guard !waiting.withLock({ $0.isClosed }) else { throw GatewayError(.state, "the records are closed") }
    let opened = try settings.open(path, settings.busyTimeout)
    let cut = try opened.closeCutCalls(run: presenter.run)
    if cut > 0 { logger.notice("records of calls that a restart cut off were closed", metadata: ["count": "\(cut)"]) }
    try opened.noteAlive(run: presenter.run, at: wallTime)
    if let restored = waiting.withLock({ $0.restored }) {
      let past = Past(talks: try opened.talks(since: wallTime - 24 * 3600), registrations: try opened.registrations())
      waiting.withLock { $0.restored = nil }
      restored(past)
    }
    store = opened
    if !isPruning {
      isPruning = true
      schedulePruning(settings.pruning.first)
    }
    return opened
  }

  func write() {
    let (calls, registrations, isClosed) = waiting.withLock { waiting in
      waiting.isScheduled = false
      return (waiting.calls, waiting.registrations, waiting.isClosed)
    }
    guard !isClosed, store == nil || !calls.isEmpty || !registrations.isEmpty else { return }
    known.merge(registrations) { $1 }
    do {
      try withStore { store in
        if !calls.isEmpty { try store.save(calls.values.map(presenter.status), run: presenter.run) }
        if !registrations.isEmpty { try store.save(registrations) }
      }
      written(calls, registrations)
    } catch {
      failed(error, waitingCalls: calls.count)
    }
  }

  private func written(_ calls: [CallID: CallRecord], _ registrations: [String: [SavedRegistration]]) {
    let hadFailed = waiting.withLock { waiting in
      for (id, record) in calls where waiting.calls[id] == record { waiting.calls[id] = nil }
      for (account, list) in registrations where waiting.registrations[account] == list { waiting.registrations[account] = nil }
      waiting.statistics.written += calls.count
      defer {
        waiting.failures = 0
        waiting.reason = nil
        waiting.hasLost = false
      }
      return waiting.failures > 0
    }
    if hadFailed { logger.notice("call records can be written again", metadata: ["written": "\(calls.count)"]) }
  }

  private func failed(_ error: any Error, waitingCalls: Int) {
    let (wait, isFirst) = waiting.withLock { waiting -> (Duration?, Bool) in
      waiting.reason = "\(error)"
      let isFirst = waiting.failures == 0
      // Else somebody's try is due already.
      guard !waiting.isScheduled else { return (nil, false) }
      let wait = settings.retries.isEmpty ? .seconds(15) : settings.retries[min(waiting.failures, settings.retries.count - 1)]
      waiting.failures += 1
      waiting.statistics.retried += 1
      waiting.isScheduled = true
      return (wait, isFirst)
    }
    if isFirst {
      logger.error("call records wait: they cannot be written now", metadata: ["reason": "\(error)", "waiting": "\(waitingCalls)"])
    }
    if let wait { schedule(wait) }
  }

  // MARK: Signs of life and old records

  /// From time to time, as long as calls run.
  private func watch() {
    guard !isWatching else { return }
    isWatching = true
    queue.asyncAfter(deadline: .now() + .nanoseconds(Int(settings.signOfLife.inNanoseconds))) { [weak self] in
      guard let self else { return }
      isWatching = false
      // Where it cannot be written, records cannot either, and say so.
      try? store?.noteAlive(run: presenter.run, at: wallTime)
      if waiting.withLock({ !$0.isClosed && !$0.running.isEmpty }) { watch() }
    }
  }

  private func schedulePruning(_ delay: Duration) {
    queue.asyncAfter(deadline: .now() + .nanoseconds(Int(delay.inNanoseconds))) { [weak self] in
      guard let self, !waiting.withLock({ $0.isClosed }) else { return }
      let removed = prune()
      if removed > 0 { logger.info("old call records were removed", metadata: ["count": "\(removed)"]) }
      schedulePruning(settings.pruning.next)
    }
  }

  /// Removes what is older than records are kept; how many there were.
  private func prune() -> Int {
    let limit = wallTime - Double(keepDays) * 24 * 3600
    var removed = 0
    for _ in 0..<settings.pruned.times {
      guard let count = try? store?.prune(endedBefore: limit, limit: settings.pruned.rows), count > 0 else { break }
      removed += count
    }
    return removed
  }

  /// Removes old records, now; how many there were.
  package func pruneNow() async -> Int { await onQueue { $0.prune() } }
}
