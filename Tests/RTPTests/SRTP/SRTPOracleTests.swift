import CSRTP
import RTP
import Testing

/// libsrtp2 under one key.
private final class Oracle {
  private var session: srtp_t?
  private static let isReady = srtp_init() == srtp_err_status_ok

  init?(_ suite: SRTPSuite, key: [UInt8], isSender: Bool) {
    guard Self.isReady else { return nil }
    var policy = srtp_policy_t()
    switch suite {
    case .aesCounterMode128HMACSHA1Tag80:
      srtp_crypto_policy_set_rtp_default(&policy.rtp)
      srtp_crypto_policy_set_rtcp_default(&policy.rtcp)
    case .aesCounterMode128HMACSHA1Tag32:
      srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(&policy.rtp)
      srtp_crypto_policy_set_rtcp_default(&policy.rtcp)
    case .aeadAES128GCM:
      srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp)
      srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp)
    }
    policy.ssrc.type = isSender ? ssrc_any_outbound : ssrc_any_inbound
    policy.window_size = 128
    // Room behind the key: libsrtp reads what its policy says.
    var master = key + [UInt8](repeating: 0, count: 32)
    let status = master.withUnsafeMutableBufferPointer { buffer in
      policy.key = buffer.baseAddress
      return srtp_create(&session, &policy)
    }
    guard status == srtp_err_status_ok else { return nil }
  }

  deinit { if let session { srtp_dealloc(session) } }

  private func call(_ packet: [UInt8], _ body: (UnsafeMutableRawPointer, UnsafeMutablePointer<Int32>) -> srtp_err_status_t) -> [UInt8]? {
    var bytes = packet + [UInt8](repeating: 0, count: Int(SRTP_MAX_TRAILER_LEN) + 4)
    var count = Int32(packet.count)
    let status = bytes.withUnsafeMutableBytes { buffer in buffer.baseAddress.map { body($0, &count) } }
    return status == srtp_err_status_ok ? Array(bytes[..<Int(count)]) : nil
  }

  func protect(_ packet: [UInt8], isControl: Bool) -> [UInt8]? {
    call(packet) { isControl ? srtp_protect_rtcp(session, $0, $1) : srtp_protect(session, $0, $1) }
  }

  func unprotect(_ packet: [UInt8], isControl: Bool) -> [UInt8]? {
    call(packet) { isControl ? srtp_unprotect_rtcp(session, $0, $1) : srtp_unprotect(session, $0, $1) }
  }
}

@Suite("SRTP against libsrtp2", .serialized)
struct SRTPOracleTests {
  static let packets = 10_000

  /// Sequence numbers with jumps, over several rollovers.
  private func sequences(_ generator: inout SeededGenerator) -> [UInt16] {
    var next = UInt16.random(in: 0..<32_768, using: &generator)
    return (0..<Self.packets).map { _ in
      next &+= Int.random(in: 0..<50, using: &generator) == 0 ? UInt16.random(in: 1...2_000, using: &generator) : 1
      return next
    }
  }

  @Test(arguments: SRTPSuite.allCases)
  func whatWeProtectItReads(_ suite: SRTPSuite) throws {
    var generator = SeededGenerator(seed: 11)
    let key = suite.randomKey(using: &generator)
    var pair = SRTPPair(suite, key: key)
    let oracle = try #require(Oracle(suite, key: key, isSender: false))
    var maker = PacketMaker(seed: 5)
    for (number, sequence) in sequences(&generator).enumerated() {
      let plain = maker.packet(sequence: sequence)
      let secure = try pair.sender.protect(plain).get()
      guard oracle.unprotect(secure, isControl: false) == plain else {
        Issue.record("packet \(number) of \(plain.count) octets")
        return
      }
      guard number % 10 == 0 else { continue }
      let report = maker.report()
      let secureReport = try pair.sender.protect(report, isControl: true).get()
      #expect(oracle.unprotect(secureReport, isControl: true) == report)
    }
  }

  @Test(arguments: SRTPSuite.allCases)
  func whatItProtectsWeRead(_ suite: SRTPSuite) throws {
    var generator = SeededGenerator(seed: 12)
    let key = suite.randomKey(using: &generator)
    var pair = SRTPPair(suite, key: key)
    let oracle = try #require(Oracle(suite, key: key, isSender: true))
    var maker = PacketMaker(seed: 6)
    for (number, sequence) in sequences(&generator).enumerated() {
      let plain = maker.packet(sequence: sequence)
      let secure = try #require(oracle.protect(plain, isControl: false))
      let read = try pair.receiver.unprotect(secure).get()
      guard read == plain else {
        Issue.record("packet \(number) of \(plain.count) octets")
        return
      }
      guard number % 10 == 0 else { continue }
      let report = maker.report()
      let secureReport = try #require(oracle.protect(report, isControl: true))
      let readReport = try pair.receiver.unprotect(secureReport, isControl: true).get()
      #expect(readReport == report)
    }
  }
}
