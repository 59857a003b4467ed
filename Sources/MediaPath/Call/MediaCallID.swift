/// Names a call toward the media plane; chosen by control.
package struct MediaCallID: Hashable, Sendable, BitwiseCopyable {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// The two ends of a call's path.
package enum MediaSide: UInt8, Sendable, BitwiseCopyable { case line, packet }

/// What flows between the two sides.
package enum MediaBridge: UInt8, Sendable, BitwiseCopyable {
  /// Nothing: the line hears silence, no packets are sent.
  case closed
  /// The line is heard by the packet side (early media); the line hears silence.
  case listen
  /// Both hear each other.
  case both
  /// The line hears comfort noise or the configured hold audio; the packet side hears the line as far as its direction allows.
  case held
}

/// Our direction of RFC 3264: whether packets are sent, and whether received ones are played.
package struct MediaDirection: Hashable, Sendable, BitwiseCopyable {
  package var sends: Bool
  package var receives: Bool

  package init(sends: Bool, receives: Bool) {
    self.sends = sends
    self.receives = receives
  }

  package static var sendReceive: MediaDirection { MediaDirection(sends: true, receives: true) }
  package static var sendOnly: MediaDirection { MediaDirection(sends: true, receives: false) }
  package static var receiveOnly: MediaDirection { MediaDirection(sends: false, receives: true) }
  package static var inactive: MediaDirection { MediaDirection(sends: false, receives: false) }
}
