import NIOCore
import Protection
import SIP

// Who is let in, judged before anything is parsed; without a door everybody is.
extension SIPTransport {
  /// The time that `door` goes by: monotonic, in an origin of its own.
  package var doorTime: Duration { .nanoseconds(Int64(truncatingIfNeeded: NIODeadline.now().uptimeNanoseconds)) }

  /// One datagram.
  func hears(_ datagram: ByteBuffer, from remote: SocketAddress) -> Bool {
    guard let door, let source = Source(remote) else { return true }
    let kind = datagram.withUnsafeReadableBytes { MessageKind(glance: $0) }
    let isTrusted = !door.trusted.isEmpty && door.trusts(addresses.text(of: remote).host)
    return door.protection.judge(kind, from: source, over: .datagram, isTrusted: isTrusted, now: doorTime) == .heard
  }

  /// One message of a connection.
  func hears(_ kind: MessageKind, from visitor: Visitor) -> Bool {
    guard let door else { return true }
    return door.protection.judge(kind, from: visitor.source, over: .stream, isTrusted: visitor.isTrusted, now: doorTime) == .heard
  }

  /// A new connection; nil: it is not let in.
  func visitor(_ remote: SocketAddress, isTLS: Bool) -> Visitor? {
    guard let source = Source(remote) else { return nil }
    let visitor = Visitor(source: source, isTrusted: door?.trusts(addresses.text(of: remote).host) ?? false)
    guard let door else { return visitor }
    let verdict = door.protection.judgeConnection(from: source, isTLS: isTLS, isTrusted: visitor.isTrusted, now: doorTime)
    return verdict == .heard ? visitor : nil
  }

  /// True when the connection may stay although it has shown nothing: its source is known.
  func knows(_ visitor: Visitor) -> Bool {
    guard let door else { return true }
    return visitor.isTrusted || door.protection.isProven(visitor.source, now: doorTime)
  }

  /// An accepted connection ended before it had brought a message.
  func wasBroken(_ visitor: Visitor, _ remote: SIPAddress) {
    guard let door, !isShutDown else { return }
    if let ban = door.protection.connectionBroken(from: visitor.source, isTrusted: visitor.isTrusted, now: doorTime) {
      begin(ban, host: remote.host)
    }
  }

  /// Before a connection is accepted: where too many say nothing, the one that has done so longest goes; where the table is full, the
  /// oldest of a stranger.
  func makeRoom() {
    if newcomers.count >= configuration.limits.silentConnections, let id = newcomers.oldest {
      statistics.connectionsTimedOut += 1
      // Its end is told later; its place is free now.
      newcomers.remove(id)
      connections.connection(id: id)?.close()
    }
    guard connections.isFull else { return }
    let strangers = connections.connections.filter { $0.visitor.map { !knows($0) } ?? false }
    guard let oldest = strangers.min(by: { $0.id < $1.id }) else { return }
    statistics.connectionsTimedOut += 1
    oldest.close()
    forget(oldest)
  }

  // MARK: What the shell tells

  /// A peer at that host has shown right credentials, or has answered a request of ours.
  package func prove(_ host: String) {
    guard let source = Source(host) else { return }
    door?.protection.prove(source, now: doorTime)
  }

  /// Somebody at that host has shown wrong credentials; the account that is guarded from now on.
  package func failed(_ host: String, account: String?, isProven: Bool) -> String? {
    guard let door, let source = Source(host) else { return nil }
    let isTrusted = door.trusts(host)
    let consequence = door.protection.failed(source, account: account, isProven: isProven, isTrusted: isTrusted, now: doorTime)
    if let ban = consequence.ban { begin(ban, host: host) }
    return consequence.guardedAccount
  }

  /// Connections of the banned are closed; the delegate is told, once for each ban.
  private func begin(_ ban: Ban, host: String) {
    for connection in connections.connections where connection.visitor?.source == ban.source { connection.close() }
    delegate?.transport(self, banned: ban, host: host)
  }
}

/// Whom an accepted connection belongs to.
struct Visitor {
  let source: Source
  let isTrusted: Bool
}

extension Source {
  /// nil for what is no Internet address.
  init?(_ address: SocketAddress) {
    // sockaddr_in has its address in bytes 4 to 7, sockaddr_in6 in bytes 8 to 23.
    let words: (UInt64, UInt64)? = address.withSockAddr { pointer, size in
      let bytes = UnsafeRawBufferPointer(start: pointer, count: size)
      switch address.protocol {
      case .inet where size >= 8:
        return (0, 0xffff_0000_0000 | UInt64(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self))))
      case .inet6 where size >= 24:
        let high = bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        return (UInt64(bigEndian: high), UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)))
      default: return nil
      }
    }
    guard let words else { return nil }
    self.init(ipv6: words.0, words.1)
  }
}
