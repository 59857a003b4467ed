import NIOCore
package import SIP

// Datagrams that are no SIP but go by the same socket: STUN, which wants to know how that very socket is seen (RFC 8489).
extension SIPTransport {
  /// Who is listened to beside SIP, and by whom.
  struct Aside {
    let remote: SIPAddress
    let receive: ([UInt8]) -> Void
  }

  /// Hands STUN datagrams from an address over, instead of what was handed over before; on the event loop.
  package func listen(to remote: SIPAddress, _ receive: @escaping ([UInt8]) -> Void) { aside = Aside(remote: remote, receive: receive) }

  package func stopListeningAside() { aside = nil }

  /// Sends a datagram as it is from the listener that reaches the address; false: there is none.
  package func sendAside(_ bytes: [UInt8], to remote: SIPAddress) -> Bool {
    guard !isShutDown, let address = addresses.socketAddress(of: remote), let listener = listener(for: address) else { return false }
    listener.write(bytes, to: address, promise: nil)
    return true
  }

  /// True when the datagram was STUN that somebody waits for; it is looked at before anything else.
  func tookAside(_ datagram: ByteBuffer, from remote: SocketAddress) -> Bool {
    guard let aside, datagram.readableBytes >= 20, let first = datagram.getInteger(at: datagram.readerIndex, as: UInt8.self), first < 4,
      datagram.getInteger(at: datagram.readerIndex + 4, as: UInt32.self) == 0x2112_a442, addresses.text(of: remote) == aside.remote
    else { return false }
    aside.receive(Array(datagram.readableBytesView))
    return true
  }
}
