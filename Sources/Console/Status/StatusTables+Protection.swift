package import ControlAPI
package import Foundation

extension StatusTables {
  package static func protection(_ status: ProtectionStatus, now: Date) -> [String] {
    var table = TextTable("SOURCE", "WHAT", "WHY", "SINCE", ">STILL", ">DROPPED")
    for ban in status.bans {
      table.add(
        ban.source, "banned", ban.reason.replacing("_", with: " "), Wording.time(ban.since),
        Wording.duration(max(ban.until.timeIntervalSince(now), 0)), "\(ban.dropped)")
    }
    for silence in status.silenced {
      table.add(silence.source, "no answers", "no credentials", Wording.time(silence.since), nil, "\(silence.dropped)")
    }
    for account in status.accounts {
      table.add(account.user, account.restriction, account.restriction == "guarded" ? "wrong passwords" : "too many requests")
    }
    let dropped = status.messages
    let all = dropped.droppedBanned + dropped.droppedSilenced + dropped.droppedRate + dropped.droppedFlood
    let total =
      "\(status.bansTotal) bans since the start; \(dropped.admitted) messages heard, \(all) dropped; \(status.credentials.failed) wrong credentials"
    return (table.isEmpty ? ["nobody is banned"] : table.lines) + ["", total]
  }
}
