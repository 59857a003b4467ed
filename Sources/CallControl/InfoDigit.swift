/// A key carried by SIP INFO: `application/dtmf-relay` with Signal and Duration, or `application/dtmf` with the bare key.
package struct InfoDigit: Hashable, Sendable {
  /// `0-9*#A-D`.
  package var key: Character
  /// 40 to 5,000 ms; 160 where the peer does not say, or says nonsense.
  package var milliseconds: Int

  package static let relayType = "application/dtmf-relay"

  package init(key: Character, milliseconds: Int = 160) {
    self.key = key
    self.milliseconds = milliseconds
  }

  /// Reads a body; nil: it is no key.
  package init?(contentType: String, body: [UInt8]) {
    let type = contentType.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
    let text = String(decoding: body.prefix(256), as: UTF8.self)
    switch type {
    case "application/dtmf":
      guard let key = Self.key(text) else { return nil }
      self.init(key: key)
    case Self.relayType:
      var key: Character?
      var milliseconds = 160
      for line in text.split(whereSeparator: \.isNewline) {
        let pair = line.split(separator: "=", maxSplits: 1)
        guard pair.count == 2 else { continue }
        let value = pair[1].filter { $0 != " " }
        switch pair[0].filter({ $0 != " " }).lowercased() {
        case "signal": key = Self.key(value)
        case "duration":
          if let given = Int(value), (40...5000).contains(given) { milliseconds = given }
        default: continue
        }
      }
      guard let key else { return nil }
      self.init(key: key, milliseconds: milliseconds)
    default: return nil
    }
  }

  /// The body of an `application/dtmf-relay`.
  package var relayBody: [UInt8] { Array("Signal=\(key)\r\nDuration=\(milliseconds)\r\n".utf8) }

  /// Some phones write 10 and 11 for star and hash, as RFC 4733 numbers them.
  private static func key(_ text: String) -> Character? {
    let trimmed = text.filter { !$0.isWhitespace && !$0.isNewline }.uppercased()
    switch trimmed {
    case "10": return "*"
    case "11": return "#"
    default:
      guard trimmed.count == 1, let key = trimmed.first, "0123456789*#ABCD".contains(key) else { return nil }
      return key
    }
  }
}
