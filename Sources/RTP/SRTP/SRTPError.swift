/// Why a packet is not protected, or not believed.
package enum SRTPError: Error, Equatable, BitwiseCopyable, Sendable, CustomStringConvertible {
  /// Fewer octets than header and tag need.
  case tooShort(octets: Int, needed: Int)
  /// No RTP or RTCP header in front.
  case malformed
  /// The tag is not that of this packet under this key.
  case authenticationFailed
  /// Seen before, or too old to tell (RFC 3711, 3.3.2).
  case replayed
  /// As many packets as a key may protect have been (RFC 3711, 9.2).
  case keyUsedUp
  /// More sources under one key than are kept apart.
  case tooManySources
  /// A source other than the one this key protects; one key stream must never cover two.
  case foreignSource
  /// An RTCP packet that says it is not encrypted, which was not agreed on.
  case unencrypted
  /// No room for the tag behind the packet, or for the packet in the output.
  case noRoom
  /// libcrypto refused; never seen.
  case cipherFailed

  package var description: String {
    switch self {
    case .tooShort(let octets, let needed): "SRTP packet of \(octets) octets, needs \(needed)"
    case .malformed: "no RTP or RTCP header in front of an SRTP packet"
    case .authenticationFailed: "the SRTP tag is wrong"
    case .replayed: "the SRTP packet was seen before or is too old"
    case .keyUsedUp: "the SRTP key has protected as many packets as it may"
    case .tooManySources: "too many sources under one SRTP key"
    case .foreignSource: "a second source under one SRTP key"
    case .unencrypted: "an SRTCP packet that is not encrypted"
    case .noRoom: "no room for the SRTP packet"
    case .cipherFailed: "the cipher failed"
    }
  }
}

/// What one session's packets came to.
package struct SRTPCounters: BitwiseCopyable, Sendable, Equatable {
  package var accepted: Int64 = 0
  package var authenticationFailed: Int64 = 0
  package var replayed: Int64 = 0
  /// Too short, without header, not encrypted, of too many sources.
  package var malformed: Int64 = 0
  /// Packets of ours that could not be protected and were not sent.
  package var unsent: Int64 = 0

  /// All that was not believed.
  package var rejected: Int64 {
    @_noLocks get { authenticationFailed &+ replayed &+ malformed }
  }

  @_noLocks
  init() {}

  @_noLocks
  mutating func reject(_ error: SRTPError) {
    switch error {
    case .authenticationFailed: authenticationFailed &+= 1
    case .replayed: replayed &+= 1
    case .tooShort, .malformed, .keyUsedUp, .tooManySources, .foreignSource, .unencrypted, .noRoom, .cipherFailed: malformed &+= 1
    }
  }
}
