import NIOCore
import SIP

/// Socket addresses by their text and back, so that each packet does not convert them anew; bounded.
struct AddressCache {
  /// Of each kind; a gateway has fewer peers at a time, and what a stranger's many ports leave here is soon gone.
  private static let capacity = 1024
  private var texts: [SocketAddress: SIPAddress] = [:]
  private var sockets: [SIPAddress: SocketAddress] = [:]

  mutating func text(of address: SocketAddress) -> SIPAddress {
    if let known = texts[address] { return known }
    if texts.count >= Self.capacity { texts.removeAll(keepingCapacity: true) }
    let text = SIPAddress(address)
    texts[address] = text
    return text
  }

  /// nil unless the host is numeric.
  mutating func socketAddress(of address: SIPAddress) -> SocketAddress? {
    if let known = sockets[address] { return known }
    guard let socket = try? SocketAddress(ipAddress: address.host, port: Int(address.port)) else { return nil }
    if sockets.count >= Self.capacity { sockets.removeAll(keepingCapacity: true) }
    sockets[address] = socket
    return socket
  }
}

extension SIPAddress {
  init(_ address: SocketAddress) {
    self.init(host: address.ipAddress ?? "", port: UInt16(truncatingIfNeeded: address.port ?? 0))
  }

  /// 0.0.0.0 or ::.
  var isWildcard: Bool { host == "0.0.0.0" || host == "::" }
  var isLoopback: Bool { host.hasPrefix("127.") || host == "::1" }
  var isIPv6: Bool { host.contains(":") }
}
