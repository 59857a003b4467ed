import CallControl
import ControlAPI
import Foundation
import Gateway
import Synchronization
import Testing

/// Disk full, file locked, file gone, file broken: records wait, and what is lost is counted.
struct RecordKeeperTroubleTests {
  private let directory = TemporaryDirectory()
  private let presenter = CallPresenter(clock: ControlClock())
  private let store = FailingStore()
  private var path: String { directory.path + "/calls.sqlite" }

  private func keeper(_ change: (inout RecordKeeper.Settings) -> Void = { _ in }) -> RecordKeeper {
    var settings = store.settings
    change(&settings)
    return RecordKeeper(path: path, presenter: presenter, logger: silentLogger, settings: settings)
  }

  @Test(arguments: [FailingStore.Trouble.diskFull, .locked])
  func recordsWaitUntilTheTroubleIsOver(_ trouble: FailingStore.Trouble) async throws {
    let keeper = keeper()
    await keeper.open()
    #expect(keeper.status == GatewayStatus.Records())
    store.trouble = trouble
    keeper.save(endedRecord(1))
    await keeper.flush()
    keeper.save(endedRecord(2))
    await keeper.flush()
    #expect(keeper.status.state == "waiting")
    #expect(keeper.status.waiting == 2)
    #expect(keeper.status.reason?.contains(trouble == .diskFull ? "full" : "locked") == true)
    // What waits is seen all the same.
    #expect(try await keeper.ended(limit: 5).count == 2)
    store.trouble = nil
    await keeper.flush()
    #expect(keeper.status == GatewayStatus.Records(state: "good", written: 2, retried: 2))
    #expect(store.state.withLock { $0.calls.count } == 2)
    await keeper.close()
  }

  @Test func onlyTheNewestStateOfACallWaits() async {
    let keeper = keeper()
    await keeper.open()
    store.trouble = .diskFull
    keeper.save(record(1))
    keeper.save(record(1) { $0.answeredAt = .seconds(10) })
    keeper.save(endedRecord(1))
    #expect(keeper.status.waiting == 1)
    store.trouble = nil
    await keeper.flush()
    #expect(store.state.withLock { $0.calls.values.first?.state } == "ended")
    await keeper.close()
  }

  @Test func beyondTheCapacityRecordsAreLostAndCounted() async {
    let keeper = keeper { $0.capacity = 3 }
    await keeper.open()
    store.trouble = .diskFull
    for number in 1...5 { keeper.save(endedRecord(UInt64(number))) }
    await keeper.flush()
    #expect(keeper.status.state == "losing")
    #expect(keeper.status.waiting == 3)
    #expect(keeper.status.lost == 2)
    store.trouble = nil
    await keeper.flush()
    #expect(keeper.status == GatewayStatus.Records(state: "good", written: 3, retried: 1, lost: 2))
    await keeper.close()
  }

  @Test func whatAnEarlierRunLeftIsToldOnceItCanBeRead() async {
    store.trouble = .cannotBeOpened
    store.state.withLock { $0.registrations = ["bob": [registration("bob", port: 1)]] }
    let keeper = keeper()
    let (told, tell) = AsyncStream<Int>.makeStream()
    await keeper.open { tell.yield($0.registrations.count) }
    #expect(keeper.status.state == "waiting")
    store.trouble = nil
    await keeper.flush()
    #expect(keeper.status.state == "good")
    // A store that is opened again tells nothing.
    store.trouble = .damaged
    keeper.save(endedRecord(1))
    await keeper.flush()
    await keeper.close()
    tell.finish()
    var counts: [Int] = []
    for await count in told { counts.append(count) }
    #expect(counts == [1])
  }

  @Test func aFileThatIsBrokenAtTheStartIsSetAside() async throws {
    try Data("this is no database, but long enough to be looked at as one, is it not?".utf8).write(to: URL(fileURLWithPath: path))
    let keeper = RecordKeeper(path: path, presenter: presenter, logger: silentLogger)
    await keeper.open()
    keeper.save(endedRecord(1))
    await keeper.flush()
    #expect(keeper.status == GatewayStatus.Records(state: "good", written: 1))
    await keeper.close()
    let files = try FileManager.default.contentsOfDirectory(atPath: directory.path)
    let kept = try #require(files.first { $0.hasPrefix("calls.sqlite.damaged-") })
    #expect(try Data(contentsOf: URL(fileURLWithPath: directory.path + "/" + kept)).starts(with: Data("this is no".utf8)))
  }

  @Test func aFileThatBreaksLaterIsSetAsideAndRegistrationsAreWrittenAgain() async throws {
    let keeper = RecordKeeper(path: path, presenter: presenter, logger: silentLogger, settings: .patient)
    await keeper.open()
    keeper.save(["bob": [registration("bob", port: 1)]])
    for number in 1...200 { keeper.save(endedRecord(UInt64(number))) }
    await keeper.close()
    // Its first page stays whole, so that it still opens.
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    for index in 4096..<bytes.count { bytes[index] = UInt8(truncatingIfNeeded: index &* 37) }
    try bytes.write(to: URL(fileURLWithPath: path))
    let next = RecordKeeper(path: path, presenter: presenter, logger: silentLogger, settings: .patient)
    await next.open()
    next.save(["bob": [registration("bob", port: 2)]])
    next.save(endedRecord(1))
    await next.flush()
    #expect(next.status.state == "good")
    #expect(try await next.ended(limit: 10).count == 1)
    await next.close()
    let store = try RecordStore(path: path)
    #expect(try store.registrations() == [registration("bob", port: 2)])
    try store.close()
  }

  @Test func oldRecordsAreRemovedInSteps() async {
    let keeper = keeper()
    keeper.keepDays = 30
    await keeper.open()
    #expect(await keeper.pruneNow() == 2_000)
    let limits = store.state.withLock { $0.prunings }
    #expect(limits.count == 3)
    #expect(limits.allSatisfy { abs($0.timeIntervalSinceNow + 30 * 24 * 3600) < 60 })
    await keeper.close()
  }
}

extension RecordKeeper.Settings {
  /// Writes only when told to.
  static var patient: RecordKeeper.Settings {
    var settings = RecordKeeper.Settings()
    settings.delay = .seconds(3600)
    settings.retries = [.seconds(3600)]
    return settings
  }
}
