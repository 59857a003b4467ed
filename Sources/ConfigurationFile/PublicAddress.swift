/// Under which address the gateway is reached from outside, when it stands behind a NAT.
package enum PublicAddress: Hashable, Sendable {
  /// Known; the port is that of UDP and TCP, nil: the same as inside.
  case address(String, port: UInt16?)
  /// Found by asking a STUN server (RFC 8489) from the gateway's own UDP port.
  case stun(host: String, port: UInt16)

  package static let stunPort: UInt16 = 3478

  /// Reads `ADDRESS[:PORT]` (IPv6 with a port in brackets) or `stun:HOST[:PORT]`; nil: neither.
  package init?(_ text: String) {
    if text.hasPrefix("stun:") {
      guard let (host, port) = Self.split(text.dropFirst(5)), !host.isEmpty,
        host.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || ".-:".contains($0)) })
      else { return nil }
      self = .stun(host: host, port: port ?? Self.stunPort)
    } else {
      guard let (host, port) = Self.split(text[...]), TrustedNetwork.addressBytes(host) != nil else { return nil }
      self = .address(host, port: port)
    }
  }

  private static func split(_ text: Substring) -> (host: String, port: UInt16?)? {
    if text.first == "[" {
      guard let end = text.firstIndex(of: "]") else { return nil }
      let host = String(text[text.index(after: text.startIndex)..<end])
      let rest = text[text.index(after: end)...]
      guard !rest.isEmpty else { return (host, nil) }
      guard rest.first == ":", let port = UInt16(rest.dropFirst()), port > 0 else { return nil }
      return (host, port)
    }
    guard let colon = text.firstIndex(of: ":"), colon == text.lastIndex(of: ":") else { return (String(text), nil) }
    guard let port = UInt16(text[text.index(after: colon)...]), port > 0 else { return nil }
    return (String(text[..<colon]), port)
  }
}

extension PublicAddress: CustomStringConvertible {
  /// As it is written in the file.
  package var description: String {
    let (prefix, host, port): (String, String, UInt16?) =
      switch self {
      case .address(let host, let port): ("", host, port)
      case .stun(let host, let port): ("stun:", host, port)
      }
    guard let port else { return prefix + host }
    return host.contains(":") ? "\(prefix)[\(host)]:\(port)" : "\(prefix)\(host):\(port)"
  }
}
