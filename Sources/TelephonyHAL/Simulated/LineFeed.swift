/// What the exchange puts on the two wires besides audio: all that a terminal (line card, modem, telephone) can sense.
package struct LineFeed: Sendable, Equatable {
  package enum Battery: Sendable, Equatable {
    case normal
    case reversed
    /// No loop current although the terminal is off hook.
    case open
  }

  package var battery: Battery = .normal

  /// Ringing voltage is on the line now.
  package var isRinging = false

  package static let idle = LineFeed()
}
