import CLinux
import CallControl
import ControlAPI
import Foundation
import SIP
import SIPTransport

// The recent SIP messages, for the status socket.
extension ControlLoop {
  /// What is needed to show messages, taken here and read elsewhere.
  struct TraceExtract: Sendable {
    let snapshot: MessageTraceSnapshot
    /// The dialogs that are asked for; nil: all.
    let callIDs: Set<String>?
    /// Nanoseconds from the trace's clock to that of 1970.
    let clockOffset: Int64
    let tlsPorts: Set<UInt16>
  }

  func traceExtract(_ query: SIPTraceQuery) throws -> TraceExtract {
    guard transport.trace.isOn else { throw ControlError.unavailable("no messages are kept; set sip.trace_kb") }
    var callIDs: Set<String>?
    if let text = query.call {
      guard let call = presenter.call(text), let found = controller.runningCall(call)?.sipCallIDs ?? traceIndex[call] else {
        throw ControlError.notFound("there is no call \(text) of this run that is remembered")
      }
      callIDs = Set(found)
    }
    if let callID = query.callID { callIDs = callIDs.map { $0.intersection([callID]) } ?? [callID] }
    let tlsPorts = transport.listeners.filter { $0.transport == .tls }.map(\.address.port)
    return TraceExtract(
      snapshot: transport.trace.snapshot(since: UInt64(clamping: query.since)), callIDs: callIDs,
      clockOffset: clinux_wall_clock_nanoseconds() &- MessageTrace.now, tlsPorts: Set(tlsPorts))
  }
}

/// Which dialogs belonged to calls that have ended; bounded.
struct TraceIndex {
  private static let capacity = 4096
  private var callIDs: [CallID: [String]] = [:]
  private var order: [CallID] = []
  private var next = 0

  subscript(_ call: CallID) -> [String]? { callIDs[call] }

  mutating func note(_ record: CallRecord) {
    guard callIDs.updateValue(record.sipCallIDs, forKey: record.id) == nil else { return }
    guard order.count == Self.capacity else { return order.append(record.id) }
    callIDs[order[next]] = nil
    order[next] = record.id
    next = (next + 1) % Self.capacity
  }
}

extension ControlLoop.TraceExtract {
  /// Messages that are asked for, the newest `limit` of them, with what is told of each.
  private func chosen(_ limit: Int) -> [(entry: MessageTrace.Entry, bytes: [UInt8], outline: MessageOutline)] {
    var chosen: [(entry: MessageTrace.Entry, bytes: [UInt8], outline: MessageOutline)] = []
    for entry in snapshot.entries.reversed() {
      guard chosen.count < limit else { break }
      let bytes = snapshot.bytes(of: entry)
      let outline = MessageOutline(bytes)
      if let callIDs {
        guard let callID = outline.callID, callIDs.contains(callID) else { continue }
      }
      chosen.append((entry, CredentialMask.masked(bytes), outline))
    }
    return chosen.reversed()
  }

  func messages(limit: Int) -> SIPTrace {
    let messages = chosen(limit).map { entry, bytes, outline in
      let seconds = Double(entry.time &+ clockOffset) / 1e9
      var message = SIPTraceMessage(
        number: Int(clamping: entry.number), time: Date(timeIntervalSince1970: seconds), direction: entry.isSent ? .sent : .received,
        transport: entry.flow.transport.rawValue, local: entry.flow.local.description, remote: entry.flow.remote.description,
        text: String(decoding: bytes, as: UTF8.self))
      message.callId = outline.callID
      message.method = outline.method
      message.requestUri = outline.requestURI
      message.status = outline.status
      message.reason = outline.reason
      message.cseq = outline.cseq
      return message
    }
    return SIPTrace(first: Int(clamping: snapshot.first), last: Int(clamping: snapshot.last), messages: messages)
  }

  func capture(limit: Int) -> [UInt8] {
    var capture = PacketCapture()
    for (entry, bytes, _) in chosen(limit) {
      var flow = entry.flow
      // A listener on all addresses: the one that packets leave from.
      if flow.local.host == "0.0.0.0" || flow.local.host == "::" {
        flow.local.host = SystemLimits.primaryAddress(isIPv6: flow.local.host == "::") ?? flow.local.host
      }
      capture.add(bytes, isSent: entry.isSent, flow: flow, time: entry.time &+ clockOffset, tlsPorts: tlsPorts)
    }
    return capture.bytes
  }
}
