/// Who calls, as an analogue line tells it: unverified.
package struct CallerID: Sendable, Equatable {
  package enum Presentation: String, Sendable {
    case allowed
    /// The caller asked that the number not be shown ("P").
    case withheld
    /// The network does not know the number ("O").
    case unavailable
  }

  /// How caller ID is sent on a line.
  package enum Format: String, Sendable, CaseIterable {
    /// Bellcore GR-30 CLASS: Bell 202 FSK between the first and the second ring.
    case bell
    /// ETSI EN 300 659 FSK: V.23, after the first ring, or after a reversal before it.
    case etsiFSK = "etsi_fsk"
    /// ETSI EN 300 659 DTMF, before the first ring.
    case etsiDTMF = "etsi_dtmf"
    /// Japan's number display: V.23 off hook, between CAR ringing and normal ringing.
    case jpDisplay = "jp_display"
    /// A digital network or a command of the device told it.
    case network
  }

  /// Digits as sent, without any normalisation; nil unless presentation is allowed.
  package var number: String?
  package var name: String?
  package var presentation: Presentation
  package var format: Format

  package init(number: String?, name: String? = nil, presentation: Presentation = .allowed, format: Format) {
    self.number = number
    self.name = name
    self.presentation = presentation
    self.format = format
  }
}
