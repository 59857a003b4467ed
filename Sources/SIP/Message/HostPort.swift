/// `host [":" port]` of the grammar (RFC 3261 25.1).
enum HostPort {
  /// The host in lower case and without brackets; blanks may surround the colon, as Via allows.
  static func parse(_ cursor: inout ByteCursor) throws(SIPSyntaxError) -> (host: String, port: UInt16?) {
    let host: String
    if cursor.take(0x5b) {
      let range = cursor.takeWhile(.ipv6)
      guard cursor.take(0x5d), isIPv6(cursor.bytes[range]) else { throw cursor.error("an IPv6 address in brackets") }
      host = withoutThirdColon(lowercased(cursor, range))
    } else {
      let range = cursor.takeWhile(.host)
      guard !range.isEmpty else { throw cursor.error("a host") }
      host = lowercased(cursor, range)
    }
    guard cursor.takeSeparator(0x3a) else { return (host, nil) }
    let port = try cursor.takeNumber(upTo: 65535, "a port up to 65535")
    return (host, UInt16(truncatingIfNeeded: port))
  }

  /// RFC 3261's grammar makes `:::` before an IPv4 part, which peers that follow it write (RFC 5118 §4.10).
  private static func withoutThirdColon(_ host: String) -> String {
    guard let range = host.utf8.firstRange(of: ":::".utf8) else { return host }
    return String(host[..<range.lowerBound]) + "::" + String(host[range.upperBound...])
  }

  /// A coarse check: colons, groups of at most four digits, one `::` (or `:::` before an IPv4 part) at most.
  static func isIPv6(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard bytes.count >= 2, bytes.count <= 45 else { return false }
    var colons = 0
    var digits = 0
    var doubles = 0
    var run = 0
    var hasDots = false
    var hasTriple = false
    for byte in bytes {
      if byte == 0x3a {
        colons += 1
        run += 1
        if run == 2 { doubles += 1 }
        if run > 3 { return false }
        hasTriple = hasTriple || run == 3
        digits = 0
        continue
      }
      run = 0
      if byte == 0x2e {
        hasDots = true
        digits = 0
      } else {
        digits += 1
        if digits > 4 { return false }
      }
    }
    if hasTriple, !hasDots { return false }
    return colons >= 2 && colons <= 8 && doubles <= 1 && (doubles == 1 || colons >= 6)
  }

  private static func lowercased(_ cursor: ByteCursor, _ range: Range<Int>) -> String {
    let text = cursor.text(range)
    return cursor.bytes[range].contains { $0 >= 0x41 && $0 <= 0x5a } ? text.lowercased() : text
  }
}

extension [UInt8] {
  /// Appends `host[:port]`, an IPv6 host in brackets.
  mutating func append(host: String, port: UInt16?) {
    if host.utf8.contains(0x3a) {
      append(0x5b)
      append(text: host)
      append(0x5d)
    } else {
      append(text: host)
    }
    if let port {
      append(0x3a)
      append(decimal: port)
    }
  }
}
