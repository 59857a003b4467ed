import Glibc

/// An address as 16 bytes; IPv4 is mapped into IPv6, so that `::ffff:192.0.2.1` and `192.0.2.1` are the same.
package struct IPAddress: Hashable, Sendable {
  private let high: UInt64
  private let low: UInt64
  package let isIPv4: Bool

  /// Nil unless `text` is a numeric address; brackets are taken off.
  package init?(_ text: String) {
    var host = Substring(text)
    if host.first == "[", host.last == "]" { host = host.dropFirst().dropLast() }
    let hostText = String(host)
    var version4 = in_addr()
    if inet_pton(AF_INET, hostText, &version4) == 1 {
      high = 0
      low = 0xffff_0000_0000 | UInt64(UInt32(bigEndian: version4.s_addr))
      isIPv4 = true
      return
    }
    var version6 = in6_addr()
    guard inet_pton(AF_INET6, hostText, &version6) == 1 else { return nil }
    var words: (UInt64, UInt64) = (0, 0)
    withUnsafeBytes(of: &version6) { bytes in
      for byte in bytes.prefix(8) { words.0 = words.0 << 8 | UInt64(byte) }
      for byte in bytes.dropFirst(8) { words.1 = words.1 << 8 | UInt64(byte) }
    }
    (high, low) = words
    isIPv4 = words.0 == 0 && words.1 >> 32 == 0xffff
  }

  fileprivate func hasPrefix(of other: IPAddress, bits: Int) -> Bool {
    let highMask: UInt64 = bits >= 64 ? .max : bits == 0 ? 0 : .max << UInt64(64 - bits)
    let lowMask: UInt64 = bits >= 128 ? .max : bits <= 64 ? 0 : .max << UInt64(128 - bits)
    return high & highMask == other.high & highMask && low & lowMask == other.low & lowMask
  }
}

/// A network in CIDR notation, such as `192.0.2.0/24` or `2001:db8::/32`.
package struct IPNetwork: Hashable, Sendable {
  private let base: IPAddress
  private let bits: Int

  /// Nil unless `text` is an address with or without a prefix length; without one it is that address alone.
  package init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first, let base = IPAddress(String(first)) else { return nil }
    let offset = base.isIPv4 ? 96 : 0
    var length = 128 - offset
    if parts.count == 2 {
      guard let given = Int(parts[1]), (0...length).contains(given) else { return nil }
      length = given
    }
    self.base = base
    bits = length + offset
  }

  package func contains(_ address: IPAddress) -> Bool { address.hasPrefix(of: base, bits: bits) }
}
