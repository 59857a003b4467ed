import CLinux

/// A numeric IPv4 or IPv6 transport address as media compares it; crosses rings by plain copy.
package struct MediaAddress: Hashable, Sendable, BitwiseCopyable {
  package enum Family: UInt8, Sendable, BitwiseCopyable { case none, ipv4, ipv6 }

  package let family: Family
  /// The upper 64 bits of an IPv6 address; 0 for IPv4.
  package let high: UInt64
  /// The lower 64 bits of an IPv6 address, or the IPv4 address as a number.
  package let low: UInt64
  /// The interface of a link-local IPv6 address.
  package let scope: UInt32
  package let port: UInt16

  @_noLocks
  package init(family: Family, high: UInt64, low: UInt64, scope: UInt32 = 0, port: UInt16) {
    self.family = family
    self.high = high
    self.low = low
    self.scope = scope
    self.port = port
  }

  /// No address: equal to no packet's source.
  package static var none: MediaAddress {
    @_noLocks get { MediaAddress(family: .none, high: 0, low: 0, port: 0) }
  }

  package static func ipv4(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8, port: UInt16) -> MediaAddress {
    MediaAddress(family: .ipv4, high: 0, low: UInt64(a) << 24 | UInt64(b) << 16 | UInt64(c) << 8 | UInt64(d), port: port)
  }

  /// Parses a numeric host such as `192.0.2.1`, `2001:db8::1` or `[2001:db8::1]`; nil for a name.
  ///
  /// Control thread.
  package init?(host: String, port: UInt16) {
    let bare = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    var parsed = clinux_address()
    guard clinux_address_parse(bare, port, &parsed) == 0 else { return nil }
    self.init(parsed)
  }

  /// The same host with another port.
  @_noLocks
  package func withPort(_ port: UInt16) -> MediaAddress {
    MediaAddress(family: family, high: high, low: low, scope: scope, port: port)
  }

  /// False for no address, for the unspecified host (`0.0.0.0`, which asks for no media) and for port 0.
  package var isUsable: Bool {
    @_noLocks get { family != .none && (high | low) != 0 && port != 0 }
  }

  @_noLocks
  package func isEqual(to other: MediaAddress) -> Bool { isSameHost(as: other) && port == other.port }

  @_noLocks
  package func isSameHost(as other: MediaAddress) -> Bool {
    family == other.family && family != .none && high == other.high && low == other.low
  }
}

extension MediaAddress: CustomStringConvertible {
  package var description: String {
    switch family {
    case .none: "none"
    case .ipv4: "\(hostText):\(port)"
    case .ipv6: "[\(hostText)]:\(port)"
    }
  }

  /// The host as numeric text, without brackets.
  ///
  /// Control thread.
  package var hostText: String {
    guard family != .none else { return "" }
    var address = systemAddress
    let text = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
      let length = clinux_address_format(&address, buffer.baseAddress, buffer.count)
      return length > 0 ? String(decoding: buffer.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self) : ""
    }
    return text
  }
}

extension MediaAddress {
  @_noLocks
  init(_ address: clinux_address) {
    let family: Family = address.family == 4 ? .ipv4 : address.family == 6 ? .ipv6 : .none
    self.init(family: family, high: address.high, low: address.low, scope: address.scope, port: address.port)
  }

  var systemAddress: clinux_address {
    @_noLocks get {
      let code: UInt16 = family == .ipv4 ? 4 : family == .ipv6 ? 6 : 0
      return clinux_address(high: high, low: low, scope: scope, port: port, family: code)
    }
  }
}
