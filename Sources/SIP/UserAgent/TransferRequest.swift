/// A REFER within a call: the peer asks us to call somebody else in its place (RFC 3515, RFC 5589).
package struct TransferRequest: Hashable, Sendable {
  /// Whom to call: Refer-To without its headers; `sip:`, `sips:` or `tel:`.
  package var target: SIPURI
  /// The call that the new one takes the place of, when the transfer was announced (RFC 3891); nil: a blind transfer.
  package var replaces: ReplacesHeader?
  /// Who asks (RFC 3892); nil when not said.
  package var referredBy: NameAddress?

  package init(target: SIPURI, replaces: ReplacesHeader? = nil, referredBy: NameAddress? = nil) {
    self.target = target
    self.replaces = replaces
    self.referredBy = referredBy
  }
}
