package import Foundation

/// Answer to `GET /v1/sip/messages`: what went over the wire, the oldest first.
package struct SIPTrace: Codable, Sendable, Equatable {
  /// The number of the oldest message that is kept; those before it are forgotten.
  package var first: Int
  /// To be asked for with `since` to get what comes after these.
  package var last: Int
  package var messages: [SIPTraceMessage]

  package init(first: Int, last: Int, messages: [SIPTraceMessage]) {
    self.first = first
    self.last = last
    self.messages = messages
  }
}

/// One SIP message; its secrets are asterisks.
package struct SIPTraceMessage: Codable, Sendable, Equatable {
  package enum Direction: String, Codable, Sendable {
    case received
    case sent
  }

  /// Counts all messages since the start, from 1.
  package var number: Int
  package var time: Date
  package var direction: Direction
  /// `udp`, `tcp` or `tls`.
  package var transport: String
  /// Address and port of the gateway.
  package var local: String
  /// Address and port of the peer.
  package var remote: String
  package var callId: String?
  /// Of the request, or of the request that a response answers.
  package var method: String?
  package var requestUri: String?
  package var status: Int?
  package var reason: String?
  /// `102 INVITE`.
  package var cseq: String?
  package var text: String

  package init(number: Int, time: Date, direction: Direction, transport: String, local: String, remote: String, text: String) {
    self.number = number
    self.time = time
    self.direction = direction
    self.transport = transport
    self.local = local
    self.remote = remote
    self.text = text
  }
}

/// Which messages are asked for.
package struct SIPTraceQuery: Sendable, Equatable {
  /// Of the dialogs of this call of the gateway.
  package var call: String?
  /// With this Call-ID.
  package var callID: String?
  /// With greater numbers only.
  package var since = 0
  /// The newest of these, at most.
  package var limit = 1000

  package init(call: String? = nil, callID: String? = nil, since: Int = 0, limit: Int = 1000) {
    self.call = call
    self.callID = callID
    self.since = since
    self.limit = limit
  }

  /// With the question in it.
  package func path(_ base: String) -> String {
    var items: [String] = []
    if let call { items.append("call=\(Self.encoded(call))") }
    if let callID { items.append("call_id=\(Self.encoded(callID))") }
    if since > 0 { items.append("since=\(since)") }
    items.append("limit=\(limit)")
    return "\(base)?\(items.joined(separator: "&"))"
  }

  private static func encoded(_ text: String) -> String {
    text.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(CharacterSet(charactersIn: "-._~"))) ?? text
  }
}
