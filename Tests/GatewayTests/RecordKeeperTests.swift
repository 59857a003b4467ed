import CallControl
import ControlAPI
import GRDB
import Gateway
import Testing

struct RecordKeeperTests {
  private let directory = TemporaryDirectory()
  private let presenter = CallPresenter(clock: ControlClock())
  private var path: String { directory.path + "/calls.sqlite" }

  private func keeper(at path: String? = nil, retries: [Duration] = [.seconds(3600), .seconds(3600)], capacity: Int = 100) -> RecordKeeper {
    var settings = RecordKeeper.Settings()
    settings.delay = .seconds(3600)
    settings.retries = retries
    settings.capacity = capacity
    settings.busyTimeout = 0.01
    return RecordKeeper(path: path ?? self.path, presenter: presenter, logger: silentLogger, settings: settings)
  }

  /// Another process that holds the file.
  private func lock() throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    let other = try DatabaseQueue(path: path, configuration: configuration)
    try other.writeWithoutTransaction { try $0.execute(sql: "BEGIN EXCLUSIVE") }
    return other
  }

  @Test func whatWaitsIsSeenBeforeItIsWritten() async throws {
    let keeper = keeper()
    await keeper.open()
    let other = try lock()
    keeper.save(endedRecord(1))
    await keeper.flush()
    #expect(keeper.statistics.written == 0)
    #expect(keeper.statistics.retried == 1)
    #expect(try await keeper.ended(limit: 5).map(\.id) == ["\(presenter.run)-1"])
    #expect(try await keeper.call(id: "\(presenter.run)-1") != nil)
    try await other.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
    await keeper.flush()
    #expect(keeper.statistics.written == 1)
    #expect(keeper.statistics.lost == 0)
    #expect(try await keeper.ended(limit: 5).count == 1)
    await keeper.close()
  }

  @Test func aLockThatStaysKeepsRecordsWaiting() async throws {
    let keeper = keeper(retries: [])
    await keeper.open()
    let other = try lock()
    keeper.save(endedRecord(1))
    for _ in 1...20 { await keeper.flush() }
    #expect(keeper.status.state == "waiting")
    try await other.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
    keeper.save(endedRecord(2))
    await keeper.flush()
    #expect(keeper.statistics.written == 2)
    #expect(keeper.statistics.lost == 0)
    await keeper.close()
  }

  /// Another process is in the middle of writing when the gateway starts.
  @Test func aLockAtTheStartStopsNothing() async throws {
    let first = keeper()
    await first.open()
    await first.close()
    let other = try lock()
    let second = keeper()
    await second.open()
    second.save(endedRecord(1))
    #expect(second.status.state == "waiting")
    try await other.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
    await second.flush()
    #expect(second.statistics.written == 1)
    await second.close()
  }

  @Test func readingDoesNotUseUpTheTries() async throws {
    let keeper = keeper()
    await keeper.open()
    let other = try lock()
    keeper.save(endedRecord(1))
    await keeper.flush()
    for _ in 0..<10 { _ = try await keeper.ended(limit: 5) }
    #expect(keeper.statistics == RecordKeeper.Statistics(written: 0, retried: 1, lost: 0))
    try await other.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
    await keeper.close()
    #expect(keeper.statistics.written == 1)
  }

  @Test func moreThanMayWaitIsLostAndCounted() async throws {
    let keeper = keeper(capacity: 2)
    for number in 1...3 { keeper.save(endedRecord(UInt64(number))) }
    #expect(keeper.statistics.lost == 1)
    await keeper.close()
    #expect(keeper.statistics.written == 2)
  }

  @Test func aFileThatCannotBeOpenedStopsNothing() async throws {
    let keeper = keeper(at: directory.path + "/nowhere/calls.sqlite")
    await keeper.open()
    keeper.save(endedRecord(1))
    await keeper.flush()
    #expect(keeper.statistics.retried == 2)
    await #expect(throws: ControlError.self) { try await keeper.ended(limit: 1) }
    await keeper.close()
    #expect(keeper.statistics.lost == 1)
  }

  @Test func theNextRunClosesWhatACrashLeftOpen() async throws {
    let first = keeper()
    await first.open()
    first.save(record(1))
    await first.close()
    // The run is named by the time of its start.
    var later = ControlClock()
    while CallPresenter(clock: later).run == presenter.run { later = ControlClock() }
    let second = RecordKeeper(path: path, presenter: CallPresenter(clock: later), logger: silentLogger)
    await second.open()
    let ended = try await second.ended(limit: 5)
    #expect(ended.map(\.id) == ["\(presenter.run)-1"])
    #expect(ended.first?.end?.reason == "gateway restarted")
    await second.close()
  }
}
