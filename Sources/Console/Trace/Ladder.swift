package import ControlAPI
import Foundation

/// A ladder diagram of SIP messages, made as they come.
///
/// ```
///           127.0.0.1:40211          gateway
///              bob (udp)          127.0.0.1:5060
///    0.000         │───── INVITE ──────▶│         1 INVITE  sdp
///    0.001         │◀─── 100 Trying ────│         1 INVITE
/// ```
/// The gateway stands second; a peer that there is no room for shares the last column with others, and is named beside its messages.
package struct Ladder: Sendable {
  /// What stands in the first column.
  package enum Clock: Sendable {
    /// Seconds since the first message.
    case sinceFirst
    /// The local time of day.
    case timeOfDay
  }

  private struct Lane: Hashable {
    var transport: String
    var address: String
  }

  private static let gap = 2.0
  private static let narrowestStep = 15
  private static let widestStep = 46
  private static let narrowestNote = 13
  /// Room for half a name left of the first lifeline.
  private static let margin = 10

  private let width: Int
  private let clock: Clock
  private let style: LadderStyle
  private var lanes: [Lane] = []
  private var names: [Lane: String] = [:]
  private var gateway: String?
  private var sharesLast = false
  private var origin: Date?
  private var latest: Date?
  private var seen: Set<String> = []
  private var callIDs: [String] = []
  private var hasHeading = false
  private var announced: Set<String> = []

  package init(width: Int, clock: Clock = .sinceFirst, isColoured: Bool = false) {
    self.width = max(width, 60)
    self.clock = clock
    style = LadderStyle(isColoured: isColoured)
  }

  // MARK: Lines

  /// The lines that these messages add; a heading first, and again when a peer is new.
  package mutating func add(_ messages: [SIPTraceMessage], withText: Bool = false) -> [String] {
    var isNew = false
    for message in messages where takeLane(of: message) { isNew = true }
    for callID in messages.compactMap(\.callId) where !callIDs.contains(callID) { callIDs.append(callID) }
    var lines: [String] = []
    if isNew || (!hasHeading && !messages.isEmpty) {
      if hasHeading { lines.append("") }
      lines += heading
      hasHeading = true
    }
    for message in messages {
      if let latest, message.time.timeIntervalSince(latest) >= Self.gap { lines.append(pause(message.time.timeIntervalSince(latest))) }
      latest = message.time
      if clock == .timeOfDay, let announcement = announcement(of: message) { lines.append(announcement) }
      lines.append(line(message))
      if withText { lines += text(message) }
    }
    return lines
  }

  /// The letters that tell dialogs apart; empty where there is but one.
  package var legend: [String] {
    guard callIDs.count > 1 else { return [] }
    return callIDs.enumerated().map { index, callID in "\(Self.letter(index))  Call-ID \(callID)" }
  }

  /// Names a dialog before its first message.
  private mutating func announcement(of message: SIPTraceMessage) -> String? {
    guard let callID = message.callId, let index = callIDs.firstIndex(of: callID), announced.insert(callID).inserted else { return nil }
    return style.faint("\("\(Self.letter(index)) ".leftPadded(to: gutter))Call-ID \(callID)".cut(to: width))
  }

  /// True where the peer has not been seen before.
  private mutating func takeLane(of message: SIPTraceMessage) -> Bool {
    if gateway == nil { gateway = message.local }
    let lane = Lane(transport: message.transport, address: message.remote)
    if let user = SIPTraceText(message).peerName(isSent: message.direction == .sent), names[lane] == nil { names[lane] = user }
    guard !lanes.contains(lane) else { return false }
    lanes.append(lane)
    sharesLast = lanes.count > room
    return lanes.count <= room + 1
  }

  /// Peers that can have a column of their own.
  private var room: Int { max(1, (width - gutter - Self.margin - Self.narrowestNote) / Self.narrowestStep) }
  private var gutter: Int { clock == .sinceFirst ? 9 : 13 }
  /// Lifelines: peers and the gateway.
  private var lifelines: Int { min(lanes.count, room) + 1 }

  private var step: Int {
    let note = max(Self.narrowestNote, (width >= 100 ? 40 : 30) - (lifelines - 2) * 9)
    let free = width - gutter - Self.margin - note
    return min(Self.widestStep, max(Self.narrowestStep, free / max(lifelines - 1, 1)))
  }

  private func position(_ lifeline: Int) -> Int { gutter + Self.margin + lifeline * step }

  /// The first peer stands left of the gateway, the others right of it.
  private func lifeline(of lane: Lane) -> Int {
    let index = min(lanes.firstIndex(of: lane) ?? 0, room - 1)
    return index == 0 ? 0 : index + 1
  }

  private func isShared(_ lane: Lane) -> Bool { sharesLast && (lanes.firstIndex(of: lane) ?? 0) >= room - 1 }

  // MARK: Heading

  private var heading: [String] {
    var above = Canvas(width: width)
    var below = Canvas(width: width)
    for lifeline in 0..<lifelines {
      let (first, second) = title(lifeline)
      let widest = min(step - 2, 2 * Self.margin - 1)
      above.center(first.cut(to: widest), at: position(lifeline))
      below.center(second.cut(to: widest), at: position(lifeline))
    }
    return [style.strong(above.text), style.faint(below.text), style.faint(rails("│").text)]
  }

  private func title(_ lifeline: Int) -> (String, String) {
    if lifeline == 1 { return ("gateway", gateway ?? "") }
    let index = lifeline == 0 ? 0 : lifeline - 1
    guard index < lanes.count else { return ("", "") }
    if sharesLast, index == room - 1 { return ("others", "\(lanes.count - index) peers") }
    let lane = lanes[index]
    return (names[lane].map { "\($0) (\(lane.transport))" } ?? lane.transport, lane.address)
  }

  private func rails(_ rail: Character) -> Canvas {
    var canvas = Canvas(width: width)
    for lifeline in 0..<lifelines { canvas.put(rail, at: position(lifeline)) }
    return canvas
  }

  private func pause(_ seconds: Double) -> String {
    var canvas = rails("┊")
    canvas.put("+\(Wording.rounded(seconds, 1)) s".leftPadded(to: gutter - 1), at: 0)
    return style.faint(canvas.text)
  }

  // MARK: Messages

  private mutating func line(_ message: SIPTraceMessage) -> String {
    if origin == nil { origin = message.time }
    let lane = Lane(transport: message.transport, address: message.remote)
    let isAgain = !seen.insert("\(message.direction)\(message.remote)\(message.text)").inserted
    let (peer, us) = (position(lifeline(of: lane)), position(1))
    let (from, to) = message.direction == .received ? (peer, us) : (us, peer)
    var canvas = rails("│")
    canvas.put(time(message.time).leftPadded(to: gutter - 1), at: 0)
    let (left, right) = (min(from, to), max(from, to))
    for column in (left + 1)..<right { canvas.put(isAgain ? "╌" : "─", at: column) }
    for lifeline in 0..<lifelines where position(lifeline) > left && position(lifeline) < right {
      canvas.put("┼", at: position(lifeline))
    }
    canvas.put(from < to ? "▶" : "◀", at: from < to ? to - 1 : to + 1)
    let words = message.status.map { "\($0) \(message.reason ?? "")" } ?? message.method ?? "?"
    let label = " \(words.trimmed.cut(to: step - 6)) "
    // Beside the peer, so that no lifeline that is crossed is hidden.
    canvas.center(label, at: peer < us ? (left + right) / 2 : right - step / 2)
    let noteColumn = position(lifelines - 1) + 3
    canvas.put(note(message, lane, isAgain).joined(within: width - noteColumn), at: noteColumn)
    return style.message(canvas.text, status: message.status, isAgain: isAgain, label: label, noteColumn: noteColumn)
  }

  /// What is said beside a message, the most telling first.
  private func note(_ message: SIPTraceMessage, _ lane: Lane, _ isAgain: Bool) -> [String] {
    var note: [String] = []
    if callIDs.count > 1, let index = message.callId.flatMap({ callIDs.firstIndex(of: $0) }) { note.append(Self.letter(index)) }
    if isShared(lane) { note.append(lane.address) }
    note.append(message.cseq ?? "no CSeq")
    if isAgain { note.append("again") }
    return note + SIPTraceText(message).remarks
  }

  private func time(_ time: Date) -> String {
    switch clock {
    case .sinceFirst: Wording.rounded(time.timeIntervalSince(origin ?? time), 3)
    case .timeOfDay:
      Wording.time(time) + String(format: ".%03d", Int((time.timeIntervalSince1970 * 1000).rounded()) % 1000)
    }
  }

  private func text(_ message: SIPTraceMessage) -> [String] {
    var lines = message.text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    while lines.last?.isEmpty == true { lines.removeLast() }
    let head = style.faint("\(String(repeating: " ", count: gutter))┌ \(message.direction.rawValue) \(message.remote) \(message.transport)")
    return [head] + lines.map { String(repeating: " ", count: gutter) + style.faint("│ ") + $0 }
      + [style.faint(String(repeating: " ", count: gutter) + "└")]
  }

  private static func letter(_ index: Int) -> String {
    let letters = Array("abcdefghijklmnopqrstuvwxyz")
    return index < letters.count ? String(letters[index]) : "#\(index + 1)"
  }
}
