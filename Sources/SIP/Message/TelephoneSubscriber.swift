/// The telephone number in a `tel:` URI or in the user part of a `sip:` URI (RFC 3966, RFC 3261 19.1.6).
package struct TelephoneSubscriber: Hashable, Sendable {
  /// `+` first when global; then digits, `*`, `#` and A–D; visual separators are gone.
  package var digits: String
  /// The `phone-context` of a local number; nil when there is none.
  package var context: String?

  /// True for an international number, which starts with `+`.
  package var isGlobal: Bool { digits.hasPrefix("+") }

  package init(digits: String, context: String? = nil) {
    self.digits = digits
    self.context = context
  }
}

extension SIPURI {
  /// The number this URI names, of `tel:` or of `sip:` whose user part looks like one.
  ///
  /// Nil when it does not; `user=phone` is not asked for.
  package var telephoneSubscriber: TelephoneSubscriber? {
    guard scheme == .tel || isSIP, let user else { return nil }
    let parts = user.split(separator: ";", omittingEmptySubsequences: false)
    guard let number = parts.first else { return nil }
    var digits: [UInt8] = []
    for (index, byte) in number.utf8.enumerated() {
      switch byte {
      case 0x2b where index == 0: digits.append(byte)
      case 0x30...0x39, 0x2a, 0x23: digits.append(byte)
      case 0x41...0x44: digits.append(byte)
      case 0x61...0x64: digits.append(byte &- 0x20)
      case 0x2d, 0x2e, 0x28, 0x29: continue
      default: return nil
      }
    }
    guard digits.contains(where: { $0 != 0x2b }) else { return nil }
    var context = scheme == .tel ? parameters["phone-context"] : nil
    for part in parts.dropFirst() {
      let pair = part.split(separator: "=", maxSplits: 1)
      if pair.count == 2, String(pair[0]).equalsIgnoringCase("phone-context") { context = String(pair[1]) }
    }
    return TelephoneSubscriber(digits: String(decoding: digits, as: UTF8.self), context: context)
  }
}
