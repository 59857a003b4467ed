import SDP
import Testing

@Suite("Secure media") struct SecureMediaTests {
  static let one = "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"
  static let two = "NzB4d1BINUAvLEw6UzF3WSJ+PSdFcGdUJShpX1Zj"

  static func policy(_ security: MediaSecurity, keys: Bool = true, secureProfile: Bool = false) -> AudioPolicy {
    AudioPolicy(address: "10.0.0.9", rtpPort: 40_000, security: security, allowsKeys: keys, offersSecureProfile: secureProfile)
  }

  static func description(_ lines: String) throws -> SessionDescription {
    try SessionDescription(parsing: Array("v=0\no=- 1 1 IN IP4 10.0.0.1\ns=-\nc=IN IP4 10.0.0.1\nt=0 0\n\(lines)".utf8))
  }

  static func secure(_ transport: String = "RTP/SAVP", key: String = one, suite: String = "AES_CM_128_HMAC_SHA1_80") -> String {
    "m=audio 6000 \(transport) 0\na=crypto:1 \(suite) inline:\(key)\n"
  }

  static func crypto(_ description: SessionDescription) -> [CryptoAttribute] {
    description.media.flatMap { $0.attributes.values("crypto") }.compactMap { try? CryptoAttribute(parsing: $0) }
  }

  private func negotiator() -> MediaNegotiator { MediaNegotiator(sessionID: 1, keySource: .seeded(7)) }

  private func rejection(_ lines: String, _ policy: AudioPolicy) throws -> NegotiationRejection.Cause? {
    var negotiator = negotiator()
    let offer = try Self.description(lines)
    do throws(NegotiationRejection) {
      _ = try negotiator.answer(offer: offer, policy: policy)
      return nil
    } catch {
      #expect(error.status == 488)
      return error.cause
    }
  }

  // MARK: Answers

  @Test(arguments: [MediaSecurity.offered, .required], ["RTP/SAVP", "RTP/SAVPF"])
  func aSecureOfferIsAnsweredSecurely(_ security: MediaSecurity, _ transport: String) throws {
    var negotiator = negotiator()
    let offer = try Self.description(
      "m=audio 6000 \(transport) 0\na=crypto:7 AES_256_CM_HMAC_SHA1_80 inline:x\na=crypto:8 AES_CM_128_HMAC_SHA1_32 inline:\(Self.one)\n")
    let answer = try negotiator.answer(offer: offer, policy: Self.policy(security))
    let agreed = try #require(answer.audio.security)
    let said = Self.crypto(answer.description)
    #expect(answer.description.media[0].transport == transport && said.count == 1)
    let receive = try CryptoAttribute(parsing: "1 AES_CM_128_HMAC_SHA1_80 inline:\(Self.one)").key
    #expect(said[0].tag == 8 && said[0].suite == .aesCounterMode128HMACSHA1Tag32 && said[0].key == agreed.send)
    #expect(agreed.receive == receive && agreed.send != agreed.receive)
  }

  @Test func whatCannotBeTakenIsRefused() throws {
    #expect(try rejection(Self.secure(), Self.policy(.off)) == .secureOnly)
    #expect(try rejection(Self.secure(), Self.policy(.offered, keys: false)) == .keysNeedTLS)
    #expect(try rejection(Self.secure(), Self.policy(.required, keys: false)) == .keysNeedTLS)
    #expect(try rejection("m=audio 6000 RTP/SAVP 0\n", Self.policy(.offered)) == .noUsableKey)
    #expect(try rejection(Self.secure(suite: "F8_128_HMAC_SHA1_80"), Self.policy(.offered)) == .noUsableKey)
    #expect(try rejection("m=audio 6000 UDP/TLS/RTP/SAVPF 0\n", Self.policy(.offered)) == .noUsableKey)
    // No plain call comes about where SRTP is required, with keys beside it or not.
    #expect(try rejection("m=audio 6000 RTP/AVP 0\n", Self.policy(.required)) == .plainOnly)
    #expect(try rejection(Self.secure("RTP/AVP"), Self.policy(.required)) == .plainOnly)
    #expect(try rejection("m=audio 6000 RTP/AVP 0\n", Self.policy(.required, keys: false)) == .plainOnly)
  }

  @Test func keysBesideAPlainStreamAreTaken() throws {
    var negotiator = negotiator()
    let answer = try negotiator.answer(offer: try Self.description(Self.secure("RTP/AVP")), policy: Self.policy(.offered))
    #expect(answer.audio.security != nil && Self.crypto(answer.description).count == 1)
    #expect(answer.description.media[0].transport == "RTP/AVP")
  }

  @Test func keysAreNeverSaidWithoutTLS() throws {
    for security in MediaSecurity.allCases {
      var negotiator = negotiator()
      let offer = negotiator.offer(policy: Self.policy(security, keys: false, secureProfile: true))
      #expect(Self.crypto(offer).isEmpty)
      #expect(offer.media[0].transport == (security == .required ? "RTP/SAVP" : "RTP/AVP"))
      guard security != .required else { continue }
      let answer = try negotiator.answer(offer: try Self.description(Self.secure("RTP/AVP")), policy: Self.policy(security, keys: false))
      #expect(answer.audio.security == nil && Self.crypto(answer.description).isEmpty)
    }
  }

  @Test func theSecureStreamOfTwoIsTaken() throws {
    var negotiator = negotiator()
    let lines = "m=audio 5000 RTP/AVP 0\n" + Self.secure()
    let answer = try negotiator.answer(offer: try Self.description(lines), policy: Self.policy(.offered))
    #expect(answer.audio.remotePort == 6_000 && answer.audio.security != nil)
    #expect(answer.description.media.map(\.port) == [0, 40_000])
    let plain = try negotiator.answer(offer: try Self.description(lines), policy: Self.policy(.off))
    #expect(plain.audio.remotePort == 5_000 && plain.audio.security == nil)
  }

  // MARK: Offers

  @Test func offersByPolicy() throws {
    func offer(_ policy: AudioPolicy) -> SessionDescription {
      var negotiator = negotiator()
      return negotiator.offer(policy: policy)
    }
    #expect(Self.crypto(offer(Self.policy(.off))).isEmpty)
    let offered = offer(Self.policy(.offered))
    #expect(offered.media[0].transport == "RTP/AVP")
    #expect(Self.crypto(offered).map(\.suite) == [.aesCounterMode128HMACSHA1Tag80, .aeadAES128GCM])
    #expect(Self.crypto(offered).map(\.tag) == [1, 2] && Set(Self.crypto(offered).map(\.key)).count == 2)
    #expect(offer(Self.policy(.offered, secureProfile: true)).media[0].transport == "RTP/SAVP")
    #expect(offer(Self.policy(.required)).media[0].transport == "RTP/SAVP")
  }

  @Test func theAnswersKeyGoesWithItsTag() throws {
    var negotiator = negotiator()
    let offered = Self.crypto(negotiator.offer(policy: Self.policy(.required)))
    let galois = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw=="
    let answer = try Self.description("m=audio 6000 RTP/SAVP 0\na=crypto:2 AEAD_AES_128_GCM inline:\(galois)\n")
    let agreed = try #require(try negotiator.accept(answer: answer).security)
    #expect(agreed.suite == .aeadAES128GCM && agreed.send == offered[1].key && agreed.receive.octets == (0..<28).map { UInt8($0) })
  }

  @Test(arguments: [
    "m=audio 6000 RTP/SAVP 0\n", "m=audio 6000 RTP/AVP 0\n",
    "m=audio 6000 RTP/SAVP 0\na=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj\n",
    "m=audio 6000 RTP/SAVP 0\na=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj\n",
  ])
  func anAnswerWithoutTheKeyIsRefusedWhereASecureStreamWasOffered(_ lines: String) throws {
    for policy in [Self.policy(.required), Self.policy(.offered, secureProfile: true)] {
      var negotiator = negotiator()
      _ = negotiator.offer(policy: policy)
      #expect(throws: NegotiationRejection(.noUsableKey)) { try negotiator.accept(answer: try Self.description(lines)) }
    }
  }

  @Test func aPeerWithoutSRTPAnswersPlain() throws {
    var negotiator = negotiator()
    _ = negotiator.offer(policy: Self.policy(.offered))
    #expect(try negotiator.accept(answer: try Self.description("m=audio 6000 RTP/AVP 0\n")).security == nil)
  }

  // MARK: Changes of the session

  @Test func holdAndResumeKeepTheKeys() throws {
    var negotiator = negotiator()
    let first = try negotiator.answer(offer: try Self.description(Self.secure()), policy: Self.policy(.offered)).audio.security
    let held = try negotiator.answer(offer: try Self.description(Self.secure() + "a=sendonly\n"), policy: Self.policy(.offered)).audio
    #expect(held.security == first && held.isHeldByPeer)
    // Asked for an offer, we say the same key again, and nothing else.
    let ours = negotiator.offer(policy: Self.policy(.offered))
    let send = try #require(first).send
    #expect(ours.media[0].transport == "RTP/SAVP" && Self.crypto(ours).map(\.key) == [send])
    let answered = try negotiator.accept(answer: try Self.description(Self.secure())).security
    #expect(answered == first)
  }

  @Test func aNewKeyOfThePeersMakesANewOneOfOurs() throws {
    var negotiator = negotiator()
    let first = try negotiator.answer(offer: try Self.description(Self.secure()), policy: Self.policy(.required)).audio.security
    let second = try negotiator.answer(offer: try Self.description(Self.secure(key: Self.two)), policy: Self.policy(.required)).audio
      .security
    #expect(second?.receive != first?.receive && second?.send != first?.send)
  }

  @Test func aSecureStreamDoesNotBecomePlainByItself() throws {
    var negotiator = negotiator()
    _ = try negotiator.answer(offer: try Self.description(Self.secure("RTP/AVP")), policy: Self.policy(.offered))
    let offer = negotiator.offer(policy: Self.policy(.offered, keys: false))
    #expect(offer.media[0].transport == "RTP/SAVP" && Self.crypto(offer).isEmpty)
    #expect(throws: NegotiationRejection(.noUsableKey)) {
      try negotiator.accept(answer: try Self.description("m=audio 6000 RTP/AVP 0\n"))
    }
  }

  @Test func systemKeysDiffer() {
    var keys: Set<MediaKey> = []
    for _ in 0..<50 {
      var negotiator = MediaNegotiator(sessionID: 1)
      keys.formUnion(Self.crypto(negotiator.offer(policy: Self.policy(.offered))).map(\.key))
    }
    #expect(keys.count == 100)
  }
}
