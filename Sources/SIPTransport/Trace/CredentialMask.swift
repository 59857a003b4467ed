import SIP

/// Makes secrets of a message unreadable without changing its length: asterisks in their place.
///
/// Masked are: `response`, `cnonce`, `rspauth` and `nextnonce` of digests, everything of other authorization schemes, passwords in SIP URIs,
/// keys of `a=crypto` and `k=`, `a=ice-pwd`, and digits that were keyed (INFO bodies).
package enum CredentialMask {
  private static let credentialHeaders: Set<HeaderName> = [.authorization, .proxyAuthorization, .authenticationInfo]
  private static let digestSecrets: Set<String> = ["response", "cnonce", "rspauth", "nextnonce"]

  package static func masked(_ message: [UInt8]) -> [UInt8] {
    var bytes = message
    var lines = HeaderLines(message)
    var isHeader = true
    var holdsCredentials = false
    while let line = lines.next() {
      if isHeader, line.isEmpty {
        isHeader = false
      } else if isHeader {
        if let first = bytes[line].first, first != 0x20, first != 0x09 {
          holdsCredentials = isCredentialHeader(bytes[line])
        }
        if holdsCredentials { maskCredentials(&bytes, line) } else { maskURIPasswords(&bytes, line) }
      } else {
        maskBody(&bytes, line)
      }
    }
    return bytes
  }

  // MARK: Header fields

  private static func isCredentialHeader(_ line: ArraySlice<UInt8>) -> Bool {
    guard let colon = line.firstIndex(of: 0x3a) else { return false }
    let name = text(line[..<colon]).trimmingSpaces
    return credentialHeaders.contains(HeaderName(matching: name)) || name.lowercased() == "proxy-authentication-info"
  }

  private static func maskCredentials(_ bytes: inout [UInt8], _ line: Range<Int>) {
    let lower = text(bytes[line]).lowercased()
    let isDigest = lower.contains("digest ") || lower.contains("rspauth") || lower.contains("nextnonce")
    // A folded line goes on with what the first one began.
    let isContinuation = bytes[line.lowerBound] == 0x20 || bytes[line.lowerBound] == 0x09
    guard isDigest || isContinuation else {
      guard let colon = bytes[line].firstIndex(of: 0x3a) else { return }
      let value = bytes[(colon + 1)..<line.upperBound].drop { $0 == 0x20 }
      let scheme = value.firstIndex(of: 0x20) ?? value.endIndex
      return cover(&bytes, scheme..<line.upperBound)
    }
    var position = line.lowerBound
    while position < line.upperBound {
      guard let equals = bytes[position..<line.upperBound].firstIndex(of: 0x3d) else { return }
      let nameStart = (bytes[position..<equals].lastIndex { $0 == 0x20 || $0 == 0x2c || $0 == 0x09 }).map { $0 + 1 } ?? position
      var valueStart = equals + 1
      let isQuoted = valueStart < line.upperBound && bytes[valueStart] == 0x22
      if isQuoted { valueStart += 1 }
      let rest = bytes[min(valueStart, line.upperBound)..<line.upperBound]
      let valueEnd = rest.firstIndex { isQuoted ? $0 == 0x22 : $0 == 0x2c || $0 == 0x20 } ?? line.upperBound
      if digestSecrets.contains(text(bytes[nameStart..<equals]).lowercased()) { cover(&bytes, rest.startIndex..<valueEnd) }
      position = max(valueEnd + 1, equals + 1)
    }
  }

  /// `sip:user:password@host`.
  private static func maskURIPasswords(_ bytes: inout [UInt8], _ line: Range<Int>) {
    var position = line.lowerBound
    while let at = bytes[position..<line.upperBound].firstIndex(of: 0x40) {
      defer { position = at + 1 }
      let isBoundary: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x3c || $0 == 0x22 || $0 == 0x2c }
      let start = (bytes[position..<at].lastIndex(where: isBoundary)).map { $0 + 1 } ?? position
      let address = bytes[start..<at]
      guard let scheme = address.firstIndex(of: 0x3a), ["sip", "sips"].contains(text(address[..<scheme]).lowercased()) else { continue }
      guard let colon = address[(scheme + 1)...].firstIndex(of: 0x3a) else { continue }
      cover(&bytes, (colon + 1)..<at)
    }
  }

  // MARK: Body

  private static func maskBody(_ bytes: inout [UInt8], _ line: Range<Int>) {
    let whole = text(bytes[line]).lowercased()
    if whole.hasPrefix("a=crypto:") {
      var position = line.lowerBound
      while let key = find("inline:", in: bytes, position..<line.upperBound) {
        let end = bytes[key..<line.upperBound].firstIndex { $0 == 0x7c || $0 == 0x20 || $0 == 0x3b } ?? line.upperBound
        cover(&bytes, key..<end)
        position = end
      }
    } else if whole.hasPrefix("k=") {
      cover(&bytes, (line.lowerBound + 2)..<line.upperBound)
    } else if whole.hasPrefix("a=ice-pwd:") {
      cover(&bytes, (line.lowerBound + 10)..<line.upperBound)
    } else if whole.hasPrefix("signal=") {
      cover(&bytes, (line.lowerBound + 7)..<line.upperBound)
    } else if line.count == 1, let key = whole.first, key.isHexDigit || key == "*" || key == "#" {
      // application/dtmf: the digit alone.
      cover(&bytes, line)
    }
  }

  /// Where what follows the word begins.
  private static func find(_ word: String, in bytes: [UInt8], _ range: Range<Int>) -> Int? {
    let wanted = Array(word.utf8)
    guard range.count >= wanted.count else { return nil }
    for start in range.lowerBound...(range.upperBound - wanted.count)
    where zip(bytes[start...], wanted).allSatisfy({ $0 | 0x20 == $1 | 0x20 }) {
      return start + wanted.count
    }
    return nil
  }

  private static func cover(_ bytes: inout [UInt8], _ range: Range<Int>) {
    for index in range { bytes[index] = 0x2a }
  }

  private static func text(_ bytes: some Sequence<UInt8>) -> String { String(decoding: Array(bytes), as: UTF8.self) }
}

extension String {
  fileprivate var trimmingSpaces: String {
    String(drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
  }
}
