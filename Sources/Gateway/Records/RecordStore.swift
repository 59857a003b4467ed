package import ControlAPI
package import Foundation
import GRDB

/// Call records in SQLite: one row a call, written when it begins, is answered and ends; and what else outlives a restart.
///
/// Blocks; one thread at a time.
package final class RecordStore: RecordStoring {
  private let database: DatabaseQueue

  /// Opens or makes the file, and brings its tables up to date.
  ///
  /// `busyTimeout`: how long another process's lock is waited for, s.
  package init(path: String, busyTimeout: Double = 1) throws {
    var configuration = Configuration()
    configuration.journalMode = .wal
    configuration.busyMode = .timeout(busyTimeout)
    configuration.label = "records"
    // 128 KB of pages: the default of 2 MB fills as records come and looks like a leak. A kill of the process loses nothing that was written,
    // a loss of power the last moments.
    configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -128") }
    database = try DatabaseQueue(path: path, configuration: configuration)
    let migrator = RecordSchema.migrator
    // Asking first: what is up to date can be opened while somebody else writes, or the disk is full.
    guard try !database.read(migrator.hasCompletedMigrations) else { return }
    try migrator.migrate(database)
  }

  package func close() throws { try database.close() }

  // MARK: Calls

  package func save(_ calls: [CallStatus], run: String) throws {
    try database.write { database in
      let statement = try database.cachedStatement(sql: RecordSchema.insertion)
      for call in calls { try statement.execute(arguments: call.arguments(run: run)) }
    }
  }

  package func closeCutCalls(run: String) throws -> Int {
    try database.write { database in
      try database.execute(
        sql: """
          UPDATE calls SET state = 'ended', end_cause_q850 = 41, end_reason = 'gateway restarted',
            end_evidence = 'ended because the gateway stopped without warning; it was restarted', end_by = 'gateway',
            ended_at = max(started_at, coalesce(answered_at, 0), coalesce((SELECT seen_at FROM runs WHERE runs.run = calls.run), 0))
          WHERE ended_at IS NULL AND run <> ?
          """, arguments: [run])
      let count = database.changesCount
      try database.execute(sql: "DELETE FROM runs WHERE run <> ?", arguments: [run])
      return count
    }
  }

  package func noteAlive(run: String, at time: Date) throws {
    try database.write { database in
      try database.cachedStatement(sql: "INSERT OR REPLACE INTO runs (run, seen_at) VALUES (?, ?)")
        .execute(arguments: [run, time.timeIntervalSince1970])
    }
  }

  package func prune(endedBefore time: Date, limit: Int) throws -> Int {
    try database.write { database in
      try database.execute(
        sql: "DELETE FROM calls WHERE rowid IN (SELECT rowid FROM calls WHERE ended_at < ? ORDER BY ended_at LIMIT ?)",
        arguments: [time.timeIntervalSince1970, limit])
      return database.changesCount
    }
  }

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

  // MARK: Across restarts

  package func talks(since time: Date) throws -> [SavedTalk] {
    try database.read { database in
      let rows = try Row.fetchAll(
        database,
        sql: """
          SELECT account, trunk, line, number, answered_at, ended_at FROM calls
          WHERE ended_at > ? AND answered_at IS NOT NULL AND direction = 'outbound' ORDER BY ended_at
          """, arguments: [time.timeIntervalSince1970])
      return rows.map { row in
        let (answered, ended): (Double, Double) = (row["answered_at"], row["ended_at"])
        return SavedTalk(
          account: row["account"], trunk: row["trunk"], line: row["line"], number: row["number"],
          endedAt: Date(timeIntervalSince1970: ended), length: max(ended - answered, 0))
      }
    }
  }

  package func save(_ registrations: [String: [SavedRegistration]]) throws {
    try database.write { database in
      let removal = try database.cachedStatement(sql: "DELETE FROM registrations WHERE account = ?")
      let insertion = try database.cachedStatement(sql: RecordSchema.registrationInsertion)
      for (account, list) in registrations {
        try removal.execute(arguments: [account])
        for registration in list { try insertion.execute(arguments: registration.arguments) }
      }
    }
  }

  package func registrations() throws -> [SavedRegistration] {
    try database.read { try Row.fetchAll($0, sql: "SELECT * FROM registrations ORDER BY rowid").map(SavedRegistration.init) }
  }
}
