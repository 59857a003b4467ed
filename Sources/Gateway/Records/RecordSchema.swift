import ControlAPI
import Foundation
import GRDB

/// The tables, and rows to calls and back.
enum RecordSchema {
  /// Steps are never changed once released; new ones are added at the end.
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("calls") { database in
      try database.create(table: "calls") { table in
        table.primaryKey("id", .text)
        table.column("run", .text).notNull()
        for name in ["direction", "state", "number", "peer"] { table.column(name, .text).notNull() }
        for name in ["account", "line"] { table.column(name, .text) }
        table.column("is_emergency", .boolean).notNull()
        // Seconds since 1970.
        table.column("started_at", .double).notNull()
        for name in ["answered_at", "ended_at"] { table.column(name, .double) }
        table.column("answer_evidence", .text)
        table.column("answer_confidence", .double)
        table.column("end_cause_q850", .integer)
        for name in ["end_reason", "end_evidence", "end_by"] { table.column(name, .text) }
        table.column("end_sip_status", .integer)
        // One sentence a line.
        table.column("notes", .text).notNull()
        table.column("codec", .text)
        for name in mediaCounts { table.column(name, .integer).notNull() }
        for name in mediaMeasures { table.column(name, .double) }
      }
      try database.create(index: "calls_by_end", on: "calls", columns: ["ended_at"])
    }
    return migrator
  }

  private static let mediaCounts = [
    "packets_sent", "packets_received", "packets_lost", "packets_late", "packets_from_strangers", "concealed_ms",
  ]
  private static let mediaMeasures = [
    "jitter_ms", "delay_ms", "drift_ppm", "echo_return_loss_db", "erle_db", "level_in_dbm0", "level_out_dbm0", "mos",
  ]

  static let columns =
    [
      "id", "run", "direction", "state", "number", "peer", "account", "line", "is_emergency", "started_at", "answered_at", "ended_at",
      "answer_evidence", "answer_confidence", "end_cause_q850", "end_reason", "end_evidence", "end_by", "end_sip_status", "notes", "codec",
    ] + mediaCounts + mediaMeasures

  static let insertion =
    "INSERT OR REPLACE INTO calls (\(columns.joined(separator: ", "))) VALUES (\(columns.map { _ in "?" }.joined(separator: ", ")))"
}

extension CallStatus {
  func arguments(run: String) -> StatementArguments {
    [
      id, run, direction, state, number, peer, account, line, isEmergency, startedAt.timeIntervalSince1970,
      answeredAt?.timeIntervalSince1970, endedAt?.timeIntervalSince1970, answer?.evidence, answer?.confidence, end?.causeQ850, end?.reason,
      end?.evidence, end?.by, end?.sipStatus, notes.joined(separator: "\n"), media.codec, media.packetsSent, media.packetsReceived,
      media.packetsLost, media.packetsLate, media.packetsFromStrangers, media.concealedMs, media.jitterMs, media.delayMs, media.driftPpm,
      media.echoReturnLossDb, media.erleDb, media.levelInDbm0, media.levelOutDbm0, media.mos,
    ]
  }

  init(row: Row) {
    self.init(
      id: row["id"], direction: row["direction"], state: row["state"], number: row["number"], peer: row["peer"],
      startedAt: Date(timeIntervalSince1970: row["started_at"]))
    account = row["account"]
    line = row["line"]
    isEmergency = row["is_emergency"]
    answeredAt = (row["answered_at"] as Double?).map { Date(timeIntervalSince1970: $0) }
    endedAt = (row["ended_at"] as Double?).map { Date(timeIntervalSince1970: $0) }
    if let evidence = row["answer_evidence"] as String? { answer = Answer(evidence: evidence, confidence: row["answer_confidence"]) }
    if let reason = row["end_reason"] as String? {
      end = End(
        causeQ850: row["end_cause_q850"] ?? 0, reason: reason, evidence: row["end_evidence"] ?? "", by: row["end_by"] ?? "",
        sipStatus: row["end_sip_status"])
    }
    notes = (row["notes"] as String).split(separator: "\n").map(String.init)
    media = Media(row: row)
  }
}

extension CallStatus.Media {
  init(row: Row) {
    self.init()
    codec = row["codec"]
    packetsSent = row["packets_sent"]
    packetsReceived = row["packets_received"]
    packetsLost = row["packets_lost"]
    packetsLate = row["packets_late"]
    packetsFromStrangers = row["packets_from_strangers"]
    concealedMs = row["concealed_ms"]
    jitterMs = row["jitter_ms"]
    delayMs = row["delay_ms"]
    driftPpm = row["drift_ppm"]
    echoReturnLossDb = row["echo_return_loss_db"]
    erleDb = row["erle_db"]
    levelInDbm0 = row["level_in_dbm0"]
    levelOutDbm0 = row["level_out_dbm0"]
    mos = row["mos"]
  }
}
