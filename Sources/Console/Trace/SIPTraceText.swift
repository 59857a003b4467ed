import ControlAPI

/// What the text of a traced message tells at a glance.
struct SIPTraceText {
  private let message: SIPTraceMessage
  private let headers: [(name: String, value: String)]
  private let body: [String]

  init(_ message: SIPTraceMessage) {
    self.message = message
    var headers: [(name: String, value: String)] = []
    var body: [String] = []
    var isBody = false
    // "\r\n" is one Character.
    for line in message.text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).dropFirst() {
      if isBody {
        body.append(String(line))
      } else if line.isEmpty {
        isBody = true
      } else if let colon = line.firstIndex(of: ":") {
        headers.append((line[..<colon].lowercased(), String(line[line.index(after: colon)...]).trimmed))
      }
    }
    self.headers = headers
    self.body = body
  }

  private func header(_ name: String, _ compact: String? = nil) -> String? {
    headers.first { $0.name == name || $0.name == compact }?.value
  }

  /// The user that the peer calls itself, or is called by.
  func peerName(isSent: Bool) -> String? {
    guard message.status == nil else { return nil }
    if isSent { return message.requestUri.flatMap(Self.user) }
    return header("contact", "m").flatMap(Self.user) ?? header("from", "f").flatMap(Self.user)
  }

  private static func user(_ address: String) -> String? {
    guard let scheme = address.firstRange(of: "sip:") ?? address.firstRange(of: "sips:") else { return nil }
    let rest = address[scheme.upperBound...]
    guard let at = rest.firstIndex(of: "@"), !rest[..<at].contains(where: { " <>".contains($0) }) else { return nil }
    return String(rest[..<at].prefix { $0 != ";" && $0 != ":" })
  }

  /// Words about it, the most telling first.
  var remarks: [String] {
    var words: [String] = []
    if header("authorization") != nil || header("proxy-authorization") != nil { words.append("auth") }
    if let sdp { words.append(sdp) }
    if let reliable = header("rseq") { words.append("rseq \(reliable)") }
    if let answered = header("rack") { words.append("rack \(answered)") }
    if let target = header("refer-to", "r") { words.append("to \(Self.user(target) ?? target)") }
    if header("replaces") != nil { words.append("replaces") }
    if message.method == "REGISTER", let seconds = expiry { words.append("\(seconds) s") }
    if let seconds = header("session-expires", "x") { words.append("refresh \(seconds.prefix { $0 != ";" }) s") }
    if let seconds = header("retry-after") { words.append("retry after \(seconds) s") }
    if let cause = header("reason").flatMap(Self.cause) { words.append("Q.850 \(cause)") }
    if message.method == "NOTIFY", message.status == nil, let line = body.first, line.hasPrefix("SIP/") {
      words.append(String(line.dropFirst(8)))
    }
    return words
  }

  private var expiry: String? {
    if let contact = header("contact", "m"), let range = contact.firstRange(of: ";expires=") {
      return String(contact[range.upperBound...].prefix { $0.isNumber })
    }
    return header("expires")
  }

  private static func cause(_ reason: String) -> String? {
    guard let range = reason.firstRange(of: "cause="), reason.hasPrefix("Q.850") else { return nil }
    return String(reason[range.upperBound...].prefix { $0.isNumber })
  }

  /// `sdp`, with what is out of the ordinary.
  private var sdp: String? {
    guard let audio = body.first(where: { $0.hasPrefix("m=audio") }) else { return nil }
    var words = "sdp"
    if audio.contains("SAVP") { words += " srtp" }
    if let direction = ["sendonly", "recvonly", "inactive"].first(where: { body.contains("a=\($0)") }) { words += " \(direction)" }
    return words
  }
}
