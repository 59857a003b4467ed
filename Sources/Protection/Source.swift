import Glibc

/// Whom a message came from, as far as protection tells peers apart: an IPv4 address, or the /64 of an IPv6 address.
///
/// IPv4 mapped into IPv6 is IPv4. Whoever has an IPv6 address has the whole /64 around it.
package struct Source: Hashable, Sendable {
  private let prefix: UInt64
  package let isIPv4: Bool

  /// An address in host byte order: 192.0.2.1 is `0xc000_0201`.
  package init(ipv4 address: UInt32) {
    prefix = UInt64(address)
    isIPv4 = true
  }

  /// The first and the last eight bytes of an address, in host byte order.
  package init(ipv6 high: UInt64, _ low: UInt64) {
    isIPv4 = high == 0 && low >> 32 == 0xffff
    prefix = isIPv4 ? low & 0xffff_ffff : high
  }

  /// A numeric address, in brackets or not, or what `description` gives; nil for anything else.
  package init?(_ text: some StringProtocol) {
    var host = String(text)
    if host.first == "[", host.last == "]" { host = String(host.dropFirst().dropLast()) }
    var version4 = in_addr()
    if inet_pton(AF_INET, host.hasSuffix("/32") ? String(host.dropLast(3)) : host, &version4) == 1 {
      self.init(ipv4: UInt32(bigEndian: version4.s_addr))
      return
    }
    if host.hasSuffix("/64") { host = String(host.dropLast(3)) }
    // A link-local address has its interface behind it.
    if let zone = host.firstIndex(of: "%") { host = String(host[..<zone]) }
    var version6 = in6_addr()
    guard inet_pton(AF_INET6, host, &version6) == 1 else { return nil }
    let words = withUnsafeBytes(of: &version6) { bytes in
      (bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }, bytes.dropFirst(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }
    self.init(ipv6: words.0, words.1)
  }
}

extension Source: CustomStringConvertible {
  /// `192.0.2.1`, `2001:db8:0:1::/64`.
  package var description: String {
    if isIPv4 { return stride(from: 24, through: 0, by: -8).map { String(prefix >> UInt64($0) & 0xff) }.joined(separator: ".") }
    var address = in6_addr()
    withUnsafeMutableBytes(of: &address) { bytes in
      for index in 0..<8 { bytes[index] = UInt8(truncatingIfNeeded: prefix >> UInt64(56 - 8 * index)) }
    }
    let text = withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { buffer in
      inet_ntop(AF_INET6, &address, buffer.baseAddress, socklen_t(INET6_ADDRSTRLEN)).map { String(cString: $0) }
    }
    return (text ?? "::") + "/64"
  }
}
