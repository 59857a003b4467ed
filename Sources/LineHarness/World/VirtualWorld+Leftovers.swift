import CallControl
import MediaPath
import RealTime
import TelephonyHAL

// What must not be: anything of a call that is over.
extension VirtualWorld {
  /// Lines on hook for long enough, timers of transactions run out: what is still there then, one sentence each; empty: nothing.
  ///
  /// For a world in which every call has ended 70 s ago or more.
  package var leftovers: [String] {
    var found: [String] = []
    if !controller.isIdle { found.append("the controller is not idle: calls \(controller.runningCalls.map(\.id))") }
    if let deadline = controller.nextDeadline { found.append("a timer is set for \(deadline), now is \(now.duration)") }
    for line in controller.pool.all {
      if case .idle = line.state { continue }
      if failedLines.contains(line.id) { continue }
      found.append("\(line.id) is \(line.state)")
    }
    if media.callCount > 0 || !callMedia.openCalls.isEmpty { found.append("\(media.callCount) media paths are open") }
    if media.portsInUse > 0 { found.append("\(media.portsInUse) port pairs are in use") }
    if exchange.activeCalls > 0 { found.append("the exchange has \(exchange.activeCalls) calls") }
    for line in exchange.lines where line.audio.isAttached { found.append("the audio of \(line.id) is still attached") }
    for phone in softphones where !phone.isDead {
      if !phone.isIdle { found.append("\(phone.name) is not idle") }
      if let deadline = phone.nextDeadline { found.append("\(phone.name) has a timer set for \(deadline.duration)") }
    }
    return found + faultsOfRecords
  }

  /// Every call has one record, and every record an end.
  private var faultsOfRecords: [String] {
    var found: [String] = []
    let counters = controller.counters
    if records.count != counters.outbound + counters.inbound {
      found.append("\(records.count) records of \(counters.outbound) outbound and \(counters.inbound) inbound calls")
    }
    if Set(records.map(\.id)).count != records.count { found.append("a call has two records") }
    for record in records {
      guard let end = record.end, record.endedAt != nil, record.state == .ended else {
        found.append("call \(record.id) has no end in its record")
        continue
      }
      if end.evidence.isEmpty { found.append("call \(record.id) does not say why it ended") }
      if record.direction == .outbound, (record.answeredAt == nil) != (record.answer == nil) {
        found.append("call \(record.id): answer without evidence, or evidence without answer")
      }
    }
    return found
  }
}
