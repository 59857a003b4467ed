/// How SRTP and SRTCP packets are encrypted and authenticated.
package enum SRTPSuite: Hashable, Sendable, BitwiseCopyable, CaseIterable {
  /// AES-128 in counter mode, HMAC-SHA1 cut to 80 bits (RFC 3711; RFC 4568, 6.2.1).
  case aesCounterMode128HMACSHA1Tag80
  /// The same with 32 bits in RTP packets and 80 in RTCP packets (RFC 4568, 6.2.2).
  case aesCounterMode128HMACSHA1Tag32
  /// AES-128-GCM with a tag of 128 bits (RFC 7714).
  case aeadAES128GCM

  /// 0, 1, 2: a place in a table.
  package var index: Int {
    @_noLocks get {
      switch self {
      case .aesCounterMode128HMACSHA1Tag80: 0
      case .aesCounterMode128HMACSHA1Tag32: 1
      case .aeadAES128GCM: 2
      }
    }
  }

  var isAEAD: Bool {
    @_noLocks get { if case .aeadAES128GCM = self { true } else { false } }
  }

  /// Octets that an RTP packet grows by.
  package var tagSize: Int {
    @_noLocks get {
      switch self {
      case .aesCounterMode128HMACSHA1Tag80: 10
      case .aesCounterMode128HMACSHA1Tag32: 4
      case .aeadAES128GCM: 16
      }
    }
  }

  /// Octets of tag in an RTCP packet; it grows by 4 more, the index.
  package var controlTagSize: Int {
    @_noLocks get { isAEAD ? 16 : 10 }
  }

  /// Octets of a master key.
  package static var keySize: Int {
    @_noLocks get { 16 }
  }

  /// Octets of a master salt: 14, or 12 with GCM (RFC 7714, 12).
  package var saltSize: Int {
    @_noLocks get { isAEAD ? 12 : 14 }
  }
}
