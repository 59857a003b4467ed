import Glibc
import SIP

/// Networks that are on our side of a NAT, unless the configuration says which are.
enum LocalNetworks {
  /// Private (RFC 1918, RFC 4193), loopback, link-local.
  static let reserved = [
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16", "fc00::/7", "fe80::/10", "::1",
  ].compactMap { IPNetwork($0) }

  /// Those, and the networks that our interfaces are in now.
  static var all: [IPNetwork] { reserved + ofInterfaces }

  private static var ofInterfaces: [IPNetwork] {
    var first: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&first) == 0 else { return [] }
    defer { freeifaddrs(first) }
    return sequence(first: first, next: { $0?.pointee.ifa_next }).compactMap { $0 }.compactMap { network($0.pointee) }
  }

  private static func network(_ interface: ifaddrs) -> IPNetwork? {
    guard let address = bytes(interface.ifa_addr), let mask = bytes(interface.ifa_netmask), address.count == mask.count else { return nil }
    let bits = mask.reduce(0) { $0 + $1.nonzeroBitCount }
    // A tunnel may call the whole world its network.
    guard bits > 0 else { return nil }
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    guard inet_ntop(address.count == 4 ? AF_INET : AF_INET6, address, &text, socklen_t(text.count)) != nil else { return nil }
    return IPNetwork("\(String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))/\(bits)")
  }

  private static func bytes(_ address: UnsafeMutablePointer<sockaddr>?) -> [UInt8]? {
    guard let address else { return nil }
    switch Int32(address.pointee.sa_family) {
    case AF_INET:
      return UnsafeRawPointer(address).withMemoryRebound(to: sockaddr_in.self, capacity: 1) { pointer in
        withUnsafeBytes(of: pointer.pointee.sin_addr) { Array($0) }
      }
    case AF_INET6:
      return UnsafeRawPointer(address).withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { pointer in
        withUnsafeBytes(of: pointer.pointee.sin6_addr) { Array($0) }
      }
    default: return nil
    }
  }
}
