/// What the peer of a call can do, as its Allow and Supported say.
struct PeerCapabilities: OptionSet, Sendable {
  let rawValue: UInt8

  /// UPDATE (RFC 3311).
  static let update = PeerCapabilities(rawValue: 1)
  /// Reliable provisional responses (RFC 3262).
  static let reliableProvisionals = PeerCapabilities(rawValue: 2)
  /// It insists on them.
  static let requiresReliableProvisionals = PeerCapabilities(rawValue: 4)
  /// Session timers (RFC 4028).
  static let sessionTimer = PeerCapabilities(rawValue: 8)

  /// INFO (RFC 6086).
  static let info = PeerCapabilities(rawValue: 16)

  init(rawValue: UInt8) { self.rawValue = rawValue }

  init(_ headers: SIPHeaders) {
    var result: PeerCapabilities = []
    if headers.has(.allow, "UPDATE") { result.insert(.update) }
    if headers.has(.allow, "INFO") { result.insert(.info) }
    for name in [HeaderName.supported, .require] where headers.contains(name) {
      if headers.has(name, "timer") { result.insert(.sessionTimer) }
      guard headers.has(name, "100rel") else { continue }
      result.insert(.reliableProvisionals)
      if name == .require { result.insert(.requiresReliableProvisionals) }
    }
    self = result
  }
}
