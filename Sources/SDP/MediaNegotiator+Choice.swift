// Which stream is taken, and whether it is secure.
extension MediaNegotiator {
  /// The m= line that is taken, with the key of its sender where it is secure; the reason why there is none.
  ///
  /// Secure streams come first; a plain one with keys beside it (best effort, as many telephones offer) counts as secure.
  func select(
    _ offer: SessionDescription, _ policy: AudioPolicy
  ) throws(NegotiationRejection) -> (remote: RemoteAudio, crypto: CryptoAttribute?) {
    var rejection = NegotiationRejection(.noAudio)
    for wantsKeys in [true, false] {
      for (index, media) in offer.media.enumerated() where media.kind == "audio" && media.port != 0 {
        do throws(NegotiationRejection) {
          let crypto = try MediaNegotiator.crypto(of: media, policy)
          guard (crypto != nil) == wantsKeys else { continue }
          let remote = try RemoteAudio(offer, index, codecs: policy.codecs)
          if !remote.codecs.isEmpty { return (remote, crypto) }
          rejection = NegotiationRejection(.noCommonCodec)
        } catch {
          rejection = error
        }
      }
    }
    throw rejection
  }

  /// The key a stream is to be secured with; nil: it is to be plain.
  private static func crypto(of media: SessionDescription.Media, _ policy: AudioPolicy) throws(NegotiationRejection) -> CryptoAttribute? {
    let maySecure = policy.security != .off && policy.allowsKeys
    switch StreamProfile(transport: media.transport) {
    case .plain:
      guard policy.security != .required else { throw NegotiationRejection(.plainOnly) }
      return maySecure ? firstCrypto(of: media) : nil
    case .secure:
      guard policy.security != .off else { throw NegotiationRejection(.secureOnly) }
      guard policy.allowsKeys else { throw NegotiationRejection(.keysNeedTLS) }
      guard let crypto = firstCrypto(of: media) else { throw NegotiationRejection(.noUsableKey) }
      return crypto
    case nil:
      throw NegotiationRejection(policy.security == .off ? .secureOnly : .noUsableKey)
    }
  }

  /// The first that can be taken: the offerer's order counts (RFC 4568, 5.1.2).
  private static func firstCrypto(of media: SessionDescription.Media) -> CryptoAttribute? {
    for value in media.attributes.values("crypto") {
      if let crypto = try? CryptoAttribute(parsing: value) { return crypto }
    }
    return nil
  }

  /// What stands in the m= line of an offer: as before within a session, unless it is to be secure from now on.
  func transportToOffer(_ policy: AudioPolicy) -> String {
    let before = last.map { $0.media[audioIndex].transport }
    let isSecure =
      switch policy.security {
      case .off: false
      // What is secure does not become plain because keys cannot be said at the moment: such an offer is refused.
      case .offered: policy.allowsKeys ? policy.offersSecureProfile : keys.agreed != nil
      case .required: true
      }
    guard isSecure, before.flatMap(StreamProfile.init) != .secure else { return before ?? "RTP/AVP" }
    return "RTP/SAVP"
  }

  /// Takes the key of an answer, or that there is none.
  mutating func acceptKeys(of media: SessionDescription.Media, _ policy: AudioPolicy) throws(NegotiationRejection) {
    if let crypto = MediaNegotiator.firstCrypto(of: media), keys.accept(crypto) { return }
    let offeredProfile = last.flatMap { StreamProfile(transport: $0.media[audioIndex].transport) }
    guard policy.security != .required, offeredProfile != .secure else { throw NegotiationRejection(.noUsableKey) }
    keys.forget()
  }
}
