package import ControlAPI
import Foundation

/// What `kakehashi sip trace` prints: a ladder for one call, or one for each dialog.
package struct SIPTraceReport: Sendable {
  private let width: Int
  private let isColoured: Bool

  package init(width: Int, isColoured: Bool = false) {
    self.width = width
    self.isColoured = isColoured
  }

  /// - Parameter id: what was asked for; nil: everything.
  package func lines(_ trace: SIPTrace, call: CallStatus? = nil, id: String? = nil, withText: Bool = false) -> [String] {
    var lines: [String] = []
    if let call { lines += [title(call), ""] }
    guard !trace.messages.isEmpty else {
      return lines + [id == nil ? "no messages yet" : "no messages of \(id ?? "it") are kept: they are forgotten, or there were none"]
    }
    if id != nil {
      lines += ladder(trace.messages, withText: withText)
    } else {
      for (index, dialog) in dialogs(trace.messages).enumerated() {
        if index > 0 { lines.append("") }
        let start = dialog.first.map { Wording.time($0.time) } ?? ""
        lines.append(LadderStyle(isColoured: isColoured).strong("\(start)  Call-ID \(dialog.first?.callId ?? "missing")"))
        lines += ladder(dialog, withText: withText)
      }
    }
    if trace.first > 1, call == nil { lines += ["", "older messages are forgotten (sip.trace_kb)"] }
    return lines
  }

  private func ladder(_ messages: [SIPTraceMessage], withText: Bool) -> [String] {
    var ladder = Ladder(width: width, isColoured: isColoured)
    let lines = ladder.add(messages, withText: withText)
    return ladder.legend.isEmpty ? lines : lines + [""] + ladder.legend
  }

  /// By Call-ID, each where it began.
  private func dialogs(_ messages: [SIPTraceMessage]) -> [[SIPTraceMessage]] {
    var order: [String?] = []
    var dialogs: [String?: [SIPTraceMessage]] = [:]
    for message in messages {
      if dialogs[message.callId] == nil { order.append(message.callId) }
      dialogs[message.callId, default: []].append(message)
    }
    return order.compactMap { dialogs[$0] }
  }

  private func title(_ call: CallStatus) -> String {
    let peer = call.account ?? call.peer
    let parties = call.direction == "outbound" ? "\(peer) → \(call.number)" : "\(call.number) → \(peer)"
    var parts = [Wording.time(call.startedAt), "call \(call.id)", parties]
    if let line = call.line { parts.append(line) }
    parts.append(call.end?.reason ?? call.state.replacing("_", with: " "))
    return LadderStyle(isColoured: isColoured).strong(parts.joined(separator: "  ").cut(to: width))
  }
}
