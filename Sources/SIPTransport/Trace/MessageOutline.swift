import SIP

/// What is told of a message in one line; read without judging, since what is traced may be no valid SIP.
package struct MessageOutline: Hashable, Sendable {
  /// The request's method, or the one a response's CSeq names; nil where neither can be read.
  package var method: String?
  /// Of a response.
  package var status: Int?
  /// Of a response.
  package var reason: String?
  /// Of a request.
  package var requestURI: String?
  /// As it stands: `102 INVITE`.
  package var cseq: String?
  package var callID: String?

  package init(_ bytes: [UInt8]) {
    var lines = HeaderLines(bytes)
    guard let start = lines.next() else { return }
    let words = String(decoding: bytes[start], as: UTF8.self).split(separator: " ", maxSplits: 2, omittingEmptySubsequences: true)
    if words.first?.uppercased().hasPrefix("SIP/") == true {
      status = words.count > 1 ? Int(words[1]) : nil
      reason = words.count > 2 ? String(words[2]) : nil
    } else if words.count == 3 {
      method = String(words[0])
      requestURI = String(words[1])
    }
    while let line = lines.next(), !line.isEmpty {
      guard let colon = bytes[line].firstIndex(of: 0x3a) else { continue }
      let name = HeaderName(matching: Self.trimmed(bytes[line.lowerBound..<colon]))
      switch name {
      case .callID where callID == nil: callID = Self.trimmed(bytes[(colon + 1)..<line.upperBound])
      case .cseq where cseq == nil: cseq = Self.trimmed(bytes[(colon + 1)..<line.upperBound])
      default: break
      }
    }
    if method == nil { method = cseq?.split(separator: " ").last.map(String.init) }
  }

  private static func trimmed(_ bytes: ArraySlice<UInt8>) -> String {
    let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
    guard let first = bytes.firstIndex(where: { !isSpace($0) }), let last = bytes.lastIndex(where: { !isSpace($0) }) else { return "" }
    return String(decoding: bytes[first...last], as: UTF8.self)
  }
}

/// The lines of a message one by one, without their ends; an empty one stands between header and body.
struct HeaderLines {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func next() -> Range<Int>? {
    guard position < bytes.count else { return nil }
    let start = position
    var end = bytes.count
    position = bytes.count
    if let lineFeed = bytes[start...].firstIndex(of: 0x0a) {
      end = lineFeed
      position = lineFeed + 1
    }
    if end > start, bytes[end - 1] == 0x0d { end -= 1 }
    return start..<end
  }
}
