/// Which way media flows, seen by whose description it is (RFC 3264 5.1, 6.1).
package enum MediaDirection: String, Hashable, Sendable, CaseIterable {
  case sendReceive = "sendrecv"
  case sendOnly = "sendonly"
  case receiveOnly = "recvonly"
  case inactive

  package init(sends: Bool, receives: Bool) {
    switch (sends, receives) {
    case (true, true): self = .sendReceive
    case (true, false): self = .sendOnly
    case (false, true): self = .receiveOnly
    case (false, false): self = .inactive
    }
  }

  package var sends: Bool { self == .sendReceive || self == .sendOnly }
  package var receives: Bool { self == .sendReceive || self == .receiveOnly }

  /// The same flow seen from the other side.
  package var reversed: MediaDirection { MediaDirection(sends: receives, receives: sends) }

  /// What both allow.
  package func intersection(_ other: MediaDirection) -> MediaDirection {
    MediaDirection(sends: sends && other.sends, receives: receives && other.receives)
  }
}
