import CallControl
import ControlAPI
import Foundation
import GRDB
import Gateway
import Testing

struct RecordStoreTests {
  private let directory = TemporaryDirectory()
  private let presenter = CallPresenter(clock: ControlClock())
  private var path: String { directory.path + "/calls.sqlite" }

  @Test func aCallComesBackAsItWasSaved() throws {
    let store = try RecordStore(path: path)
    let saved = presenter.status(endedRecord(3))
    try store.save([saved], run: presenter.run)
    let read = try #require(try store.call(id: saved.id))
    // Times pass through a floating-point column.
    #expect(abs(read.startedAt.timeIntervalSince(saved.startedAt)) < 0.001)
    var same = read
    same.startedAt = saved.startedAt
    same.answeredAt = saved.answeredAt
    same.endedAt = saved.endedAt
    #expect(same == saved)
    #expect(read.end?.evidence == "ended because the line sent busy tone for three cycles")
    #expect(read.notes.count == 2)
    #expect(read.media.codec == "PCMA")
    try store.close()
  }

  @Test func openingAgainKeepsRowsAndTables() throws {
    let first = try RecordStore(path: path)
    try first.save([presenter.status(endedRecord(1))], run: presenter.run)
    try first.close()
    let second = try RecordStore(path: path)
    #expect(try second.ended(limit: 10).map(\.id) == ["\(presenter.run)-1"])
    try second.close()
  }

  @Test func aRunningCallIsReplacedByItsEnd() throws {
    let store = try RecordStore(path: path)
    try store.save([presenter.status(record(1))], run: presenter.run)
    #expect(try store.ended(limit: 10).isEmpty)
    try store.save([presenter.status(endedRecord(1))], run: presenter.run)
    #expect(try store.ended(limit: 10).count == 1)
    try store.close()
  }

  @Test func theNewestEndComesFirst() throws {
    let store = try RecordStore(path: path)
    try store.save([presenter.status(endedRecord(1, at: .seconds(30))), presenter.status(endedRecord(2, at: .seconds(20)))], run: "a")
    #expect(try store.ended(limit: 10).map(\.id) == ["\(presenter.run)-1", "\(presenter.run)-2"])
    #expect(try store.ended(limit: 1).count == 1)
    try store.close()
  }

  @Test func callsThatACrashCutOffAreClosedByTheNextRunOnly() throws {
    let store = try RecordStore(path: path)
    try store.save([presenter.status(record(1))], run: "before")
    try store.save([presenter.status(record(2))], run: "now")
    #expect(try store.closeCutCalls(run: "now", at: Date()) == 1)
    let cut = try #require(try store.ended(limit: 10).first)
    #expect(cut.id == "\(presenter.run)-1")
    #expect(cut.state == "ended")
    #expect(cut.end?.reason == "gateway restarted")
    #expect(cut.end?.by == "gateway")
    #expect(try store.closeCutCalls(run: "now", at: Date()) == 0)
    try store.close()
  }
}
