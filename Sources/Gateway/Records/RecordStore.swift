package import ControlAPI
package import Foundation
import GRDB

/// Call records in SQLite: one row a call, written when it begins, is answered and ends.
///
/// Blocks; one thread at a time.
package final class RecordStore {
  private let database: DatabaseQueue

  /// Opens or makes the file, and brings its tables up to date.
  ///
  /// `busyTimeout`: how long another process's lock is waited for, s.
  package init(path: String, busyTimeout: Double = 1) throws {
    var configuration = Configuration()
    configuration.journalMode = .wal
    configuration.busyMode = .timeout(busyTimeout)
    configuration.label = "records"
    // 128 KB of pages: the default of 2 MB fills as records come and looks like a leak.
    configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -128") }
    database = try DatabaseQueue(path: path, configuration: configuration)
    try RecordSchema.migrator.migrate(database)
  }

  package func close() throws { try database.close() }

  /// Writes calls in one transaction; a call that is there is replaced.
  package func save(_ calls: [CallStatus], run: String) throws {
    try database.write { database in
      let statement = try database.cachedStatement(sql: RecordSchema.insertion)
      for call in calls { try statement.execute(arguments: call.arguments(run: run)) }
    }
  }

  /// Ends the records of calls that other runs did not end; answers how many there were.
  package func closeCutCalls(run: String, at time: Date) throws -> Int {
    try database.write { database in
      try database.execute(
        sql: """
          UPDATE calls SET state = 'ended', ended_at = ?, end_cause_q850 = 41, end_reason = 'gateway restarted',
            end_evidence = 'ended because the gateway stopped without warning; it was restarted', end_by = 'gateway'
          WHERE ended_at IS NULL AND run <> ?
          """, arguments: [time.timeIntervalSince1970, run])
      return database.changesCount
    }
  }

  /// The last calls that ended, newest first.
  package func ended(limit: Int) throws -> [CallStatus] {
    try database.read { database in
      try Row.fetchAll(
        database, sql: "SELECT * FROM calls WHERE ended_at IS NOT NULL ORDER BY ended_at DESC, rowid DESC LIMIT ?", arguments: [limit]
      ).map(CallStatus.init)
    }
  }

  package func call(id: String) throws -> CallStatus? {
    try database.read { try Row.fetchOne($0, sql: "SELECT * FROM calls WHERE id = ?", arguments: [id]).map(CallStatus.init) }
  }
}
