import Glibc

/// An IP address or a network in CIDR notation, `192.0.2.0/24` or `2001:db8::/32`.
package struct TrustedNetwork: Hashable, Sendable {
  /// Four or sixteen bytes, host bits cleared.
  package let bytes: [UInt8]
  package let prefixLength: Int

  /// Reads an address (the network of that one host) or `ADDRESS/BITS`.
  package init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first, var bytes = Self.addressBytes(String(first)) else { return nil }
    var length = bytes.count * 8
    if parts.count == 2 {
      guard let bits = Int(parts[1]), (0...length).contains(bits) else { return nil }
      length = bits
    }
    for index in bytes.indices {
      let kept = min(max(length - index * 8, 0), 8)
      bytes[index] &= kept == 0 ? 0 : UInt8(truncatingIfNeeded: 0xff << (8 - kept))
    }
    self.bytes = bytes
    self.prefixLength = length
  }

  /// Whether a numeric address lies in this network; IPv4 mapped into IPv6 counts as IPv4.
  package func contains(_ address: String) -> Bool {
    guard var candidate = Self.addressBytes(address) else { return false }
    if candidate.count == 16, bytes.count == 4, candidate[..<10].allSatisfy({ $0 == 0 }), candidate[10] == 0xff, candidate[11] == 0xff {
      candidate = Array(candidate[12...])
    }
    guard candidate.count == bytes.count else { return false }
    for index in bytes.indices {
      let kept = min(max(prefixLength - index * 8, 0), 8)
      let mask: UInt8 = kept == 0 ? 0 : UInt8(truncatingIfNeeded: 0xff << (8 - kept))
      if candidate[index] & mask != bytes[index] { return false }
    }
    return true
  }

  /// The four or sixteen bytes of a numeric address; nil for anything else.
  package static func addressBytes(_ text: String) -> [UInt8]? {
    var four = in_addr()
    if inet_pton(AF_INET, text, &four) == 1 { return withUnsafeBytes(of: four) { Array($0) } }
    var sixteen = in6_addr()
    if inet_pton(AF_INET6, text, &sixteen) == 1 { return withUnsafeBytes(of: sixteen) { Array($0) } }
    return nil
  }
}

extension TrustedNetwork: CustomStringConvertible {
  package var description: String {
    let length = bytes.count == 4 ? INET_ADDRSTRLEN : INET6_ADDRSTRLEN
    let address = withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(length)) { buffer -> String in
      let written = bytes.withUnsafeBytes {
        inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, $0.baseAddress, buffer.baseAddress, socklen_t(length))
      }
      return written.map { String(cString: $0) } ?? "?"
    }
    return "\(address)/\(prefixLength)"
  }
}
