import Crypto

extension DigestAlgorithm {
  /// The hash of the bytes in lower-case hexadecimal.
  package func hexHash(_ bytes: [UInt8]) -> String {
    switch hash {
    case .md5: Hexadecimal.encode(Insecure.MD5.hash(data: bytes))
    case .sha256: Hexadecimal.encode(SHA256.hash(data: bytes))
    }
  }
}
