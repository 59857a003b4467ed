import Crypto

/// HMAC-SHA1 over a message up to its MESSAGE-INTEGRITY (RFC 8489 §14.5).
enum MessageIntegrity {
  static let size = 20

  static func code(_ bytes: [UInt8], key: [UInt8]) -> [UInt8] {
    Array(HMAC<Insecure.SHA1>.authenticationCode(for: bytes, using: SymmetricKey(data: key)))
  }

  static func isValid(_ code: [UInt8], of bytes: [UInt8], key: [UInt8]) -> Bool {
    HMAC<Insecure.SHA1>.isValidAuthenticationCode(code, authenticating: bytes, using: SymmetricKey(data: key))
  }
}
