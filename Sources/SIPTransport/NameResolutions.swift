import NIOCore
import SIP

/// Addresses of names that UDP messages go to: which are known, which are being looked up, and who waits for them.
struct NameResolutions {
  enum Step {
    /// The look-up is to be started.
    case begin
    case waiting
    case full
  }

  /// A found address is used for as long as this.
  private static let lifetime = TimeAmount.seconds(60)
  private static let capacity = 1024
  private var known: [SIPAddress: (address: SocketAddress, until: NIODeadline)] = [:]
  private var pending: [SIPAddress: [StreamConnection.Waiting]] = [:]

  func address(of name: SIPAddress, now: NIODeadline) -> SocketAddress? {
    guard let entry = known[name], now < entry.until else { return nil }
    return entry.address
  }

  mutating func wait(for name: SIPAddress, _ waiting: StreamConnection.Waiting, limit: Int) -> Step {
    guard let queue = pending[name] else {
      guard pending.count < limit else { return .full }
      pending[name] = [waiting]
      return .begin
    }
    guard queue.count < limit else { return .full }
    pending[name]?.append(waiting)
    return .waiting
  }

  /// Who waited; an address found is kept.
  mutating func finish(_ name: SIPAddress, _ address: SocketAddress?, now: NIODeadline) -> [StreamConnection.Waiting] {
    if known.count >= Self.capacity { known.removeAll() }
    if let address { known[name] = (address, now + Self.lifetime) }
    return pending.removeValue(forKey: name) ?? []
  }
}
