// Stands in for the hash functions, which need a library and have nothing to do with reading.
extension DigestAlgorithm {
  func hexHash(_ bytes: [UInt8]) -> String {
    Hexadecimal.encode(bytes.prefix(16))
  }
}
