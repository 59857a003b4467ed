/// What a datagram on a media port is, by its first octets (RFC 7983, 7; RFC 5761, 4).
package enum DatagramKind: BitwiseCopyable, Sendable, Equatable {
  case rtp
  case rtcp
  case stun
  case dtls
  case unknown

  @_noLocks
  package init(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= 2 else {
      self = .unknown
      return
    }
    let first = bytes[0]
    let second = bytes[1]
    if first >= 128 && first <= 191 {
      self = second >= 192 && second <= 223 ? .rtcp : .rtp
    } else if first <= 3 {
      self = .stun
    } else if first >= 20 && first <= 63 {
      self = .dtls
    } else {
      self = .unknown
    }
  }
}
