import SDP
import Testing

@Suite("a=crypto") struct CryptoAttributeTests {
  private func parse(_ value: String) -> Result<CryptoAttribute, CryptoAttributeError> {
    do throws(CryptoAttributeError) {
      return .success(try CryptoAttribute(parsing: value))
    } catch {
      return .failure(error)
    }
  }

  private let key = "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"

  // RFC 4568, 9.1 and 4.
  @Test func whatTelephonesSay() throws {
    let one = try parse("1 AES_CM_128_HMAC_SHA1_80 inline:\(key)").get()
    #expect(one.tag == 1 && one.suite == .aesCounterMode128HMACSHA1Tag80 && one.lifetime == nil)
    #expect(one.key.octets.count == 30 && one.key.octets.starts(with: Array("wDfvg&T+)xG7@fb5jU".utf8)))
    #expect(one.text == "1 AES_CM_128_HMAC_SHA1_80 inline:\(key)")
    let two = try parse("999999999 aes_cm_128_hmac_sha1_32 INLINE:\(key)|2^20 WSH=64").get()
    #expect(two.tag == 999_999_999 && two.suite == .aesCounterMode128HMACSHA1Tag32 && two.lifetime == 1 << 20)
    #expect(try parse(two.text).get() == two)
    let galois = CryptoAttribute(tag: 2, suite: .aeadAES128GCM, key: MediaKey((0..<28).map { UInt8($0) }), lifetime: 4_096)
    #expect(galois.text == "2 AEAD_AES_128_GCM inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw==|4096")
    #expect(try parse(galois.text).get() == galois)
    // Padding is left out by some.
    #expect(try parse("2 AEAD_AES_128_GCM inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw").get().key == galois.key)
  }

  @Test func saysWhyNot() {
    for value in ["", "1", "1 AES_CM_128_HMAC_SHA1_80", "x AES_CM_128_HMAC_SHA1_80 inline:\(key)", "1 AES_CM_128_HMAC_SHA1_80 \(key)"] {
      #expect(parse(value) == .failure(.malformed))
    }
    #expect(parse("1234567890 AES_CM_128_HMAC_SHA1_80 inline:\(key)") == .failure(.malformed))
    #expect(parse("1 AES_CM_128_HMAC_SHA1_80 inline:\(key.dropLast())*") == .failure(.malformed))
    #expect(parse("1 AES_256_CM_HMAC_SHA1_80 inline:\(key)") == .failure(.unknownSuite))
    #expect(parse("1 AES_CM_128_HMAC_SHA1_80 inline:\(key.dropLast(4))") == .failure(.keyLength))
    #expect(parse("1 AEAD_AES_128_GCM inline:\(key)") == .failure(.keyLength))
    #expect(parse("1 AES_CM_128_HMAC_SHA1_80 inline:\(key)|1:4") == .failure(.masterKeyIdentifier))
    #expect(parse("1 AES_CM_128_HMAC_SHA1_80 inline:\(key)|2^20|1:4") == .failure(.masterKeyIdentifier))
    #expect(parse("1 AES_CM_128_HMAC_SHA1_80 inline:\(key);inline:\(key)") == .failure(.masterKeyIdentifier))
    for life in ["0", "2^49", "2^x", "", "-1"] {
      #expect(parse("1 AES_CM_128_HMAC_SHA1_80 inline:\(key)|\(life)") == .failure(.lifetime))
    }
    for parameter in ["UNENCRYPTED_SRTP", "UNENCRYPTED_SRTCP", "UNAUTHENTICATED_SRTP", "KDR=3", "FEC_ORDER=FEC_SRTP"] {
      #expect(parse("1 AES_CM_128_HMAC_SHA1_80 inline:\(key) \(parameter)") == .failure(.sessionParameter))
    }
  }

  @Test func keysDoNotPrint() throws {
    let attribute = try parse("1 AES_CM_128_HMAC_SHA1_80 inline:\(key)").get()
    var text = "\(attribute)"
    dump(attribute, to: &text)
    #expect(!text.contains("118") && text.contains("media key"))
  }
}
