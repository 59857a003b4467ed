//  master key ─┬─ label 0 ─▶ encryption key ┐                     RTP
//    (AES-CM)  ├─ label 1 ─▶ authentication ┼─▶ SRTPTransform
//              ├─ label 2 ─▶ salt           ┘
//              └─ labels 3, 4, 5 ──────────────▶ SRTPTransform    RTCP      RFC 3711, 4.3

import COpenSSL

/// Derives session keys from a master key: AES-128 in counter mode, key derivation rate 0.
package struct SRTPKeyDerivation: ~Copyable {
  private let cipher: OpaquePointer
  /// A counter block, and the 32 octets it is turned into.
  private let words: UnsafeMutablePointer<UInt64>
  private let output: UnsafeMutableRawPointer

  package init() {
    guard let made = copenssl_counter_create() else { preconditionFailure("no memory for a cipher") }
    cipher = made
    words = .allocate(capacity: 2)
    words.initialize(repeating: 0, count: 2)
    output = .allocate(byteCount: 32, alignment: 16)
  }

  deinit {
    EVP_CIPHER_CTX_free(cipher)
    copenssl_erase(output, 32)
    words.deallocate()
    output.deallocate()
  }

  /// Takes a master key; `derive` works with it from now on.
  @_noLocks
  package func begin(_ key: SRTPMasterKey) -> Bool {
    words[0] = key.keyHigh.bigEndian
    words[1] = key.keyLow.bigEndian
    return copenssl_set_key(cipher, words) == 1
  }

  /// Up to 32 octets for a label; valid until the next call.
  @_noLocks
  package func derive(label: UInt8, from key: SRTPMasterKey) -> UnsafeRawPointer? {
    words[0] = (key.saltHigh ^ UInt64(label)).bigEndian
    words[1] = (key.saltLow & ~0xFFFF).bigEndian
    output.initializeMemory(as: UInt64.self, repeating: 0, count: 4)
    guard copenssl_counter_apply(cipher, words, output, output, 32) == 1 else { return nil }
    return UnsafeRawPointer(output)
  }
}

/// Session keys that were not derived here: those of test vectors.
package struct SRTPSessionKeys {
  var encryption: [UInt8]
  var authentication: [UInt8]
  var salt: [UInt8]

  /// 16 octets, up to 64, and the suite's 14 or 12.
  package init(encryption: [UInt8], authentication: [UInt8] = [], salt: [UInt8]) {
    self.encryption = encryption
    self.authentication = authentication
    self.salt = salt
  }
}

/// Encrypts and authenticates one kind of packet in one direction; its contexts are made by `init` and keyed as often as needed.
struct SRTPTransform: ~Copyable {
  private let suite: SRTPSuite
  private let cipher: OpaquePointer
  private let hash: UnsafeMutablePointer<copenssl_hmac_sha1>
  /// The initialisation vector, as it lies in memory; behind it a word of authenticated tail.
  private let vector: UnsafeMutablePointer<UInt64>
  private let tail: UnsafeMutablePointer<UInt32>
  /// The code of the packet at hand, 20 octets.
  private let code: UnsafeMutableRawPointer
  private var saltHigh: UInt64 = 0
  private var saltLow: UInt64 = 0

  init(suite: SRTPSuite, encrypts: Bool) {
    self.suite = suite
    guard let made = suite.isAEAD ? copenssl_gcm_create(encrypts ? 1 : 0) : copenssl_counter_create() else {
      preconditionFailure("no memory for a cipher")
    }
    cipher = made
    hash = .allocate(capacity: 1)
    hash.initialize(to: copenssl_hmac_sha1())
    vector = .allocate(capacity: 2)
    vector.initialize(repeating: 0, count: 2)
    tail = .allocate(capacity: 1)
    tail.initialize(to: 0)
    code = .allocate(byteCount: 20, alignment: 16)
    code.initializeMemory(as: UInt8.self, repeating: 0, count: 20)
  }

  deinit {
    EVP_CIPHER_CTX_free(cipher)
    copenssl_erase(hash, Int32(MemoryLayout<copenssl_hmac_sha1>.size))
    hash.deallocate()
    vector.deallocate()
    tail.deallocate()
    code.deallocate()
  }

  /// Derives its keys; `firstLabel` is 0 for RTP and 3 for RTCP.
  @_noLocks
  mutating func rekey(_ key: SRTPMasterKey, firstLabel: UInt8, derivation: borrowing SRTPKeyDerivation) -> Bool {
    guard derivation.begin(key), let encryption = derivation.derive(label: firstLabel, from: key),
      copenssl_set_key(cipher, encryption) == 1
    else { return false }
    if !suite.isAEAD {
      guard let authentication = derivation.derive(label: firstLabel &+ 1, from: key) else { return false }
      copenssl_hmac_sha1_set_key(hash, authentication, 20)
    }
    guard let salt = derivation.derive(label: firstLabel &+ 2, from: key) else { return false }
    setSalt(salt)
    return true
  }

  /// `salt`: 16 octets, of which the suite's are used.
  @_noLocks
  private mutating func setSalt(_ salt: UnsafeRawPointer) {
    saltHigh = UInt64(bigEndian: salt.loadUnaligned(as: UInt64.self))
    saltLow = UInt64(bigEndian: salt.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
  }

  /// Takes session keys as they are.
  mutating func use(_ keys: SRTPSessionKeys) -> Bool {
    let encryption = keys.encryption + [UInt8](repeating: 0, count: max(0, 16 - keys.encryption.count))
    guard encryption.withUnsafeBytes({ copenssl_set_key(cipher, $0.baseAddress) }) == 1 else { return false }
    keys.authentication.withUnsafeBytes { copenssl_hmac_sha1_set_key(hash, $0.baseAddress, Int32($0.count)) }
    let salt = keys.salt + [UInt8](repeating: 0, count: max(0, 16 - keys.salt.count))
    salt.withUnsafeBytes { if let base = $0.baseAddress { setSalt(base) } }
    return true
  }

  /// RFC 3711, 4.1.1, and RFC 7714, 8.1 and 9.1, which has an SRTCP index where the low bits of the packet index are.
  @_noLocks
  private func setVector(source: UInt32, index: UInt64) {
    if suite.isAEAD {
      vector[0] = (saltHigh ^ (UInt64(source) << 16 | index >> 32)).bigEndian
      vector[1] = ((saltLow & ~0xFFFF_FFFF) ^ index << 32).bigEndian
    } else {
      vector[0] = (saltHigh ^ UInt64(source)).bigEndian
      vector[1] = ((saltLow & ~0xFFFF) ^ index << 16).bigEndian
    }
  }

  /// Adds the key stream.
  ///
  /// Counter mode only.
  @_noLocks
  func crypt(_ input: UnsafeRawPointer, into output: UnsafeMutableRawPointer, count: Int, source: UInt32, index: UInt64) -> Bool {
    setVector(source: source, index: index)
    return copenssl_counter_apply(cipher, vector, input, output, Int32(truncatingIfNeeded: count)) == 1
  }

  /// The code of the octets, and of the rollover counter behind them where there is one; valid until the next call.
  ///
  /// Counter mode only.
  @_noLocks
  func authenticate(_ bytes: UnsafeRawPointer, count: Int, rollover: UInt32?) -> UnsafeRawPointer {
    tail.pointee = (rollover ?? 0).bigEndian
    copenssl_hmac_sha1(hash, bytes, Int32(truncatingIfNeeded: count), tail, rollover == nil ? 0 : 4, code)
    return UnsafeRawPointer(code)
  }

  /// Encrypts in place and writes the tag; `control` is authenticated behind the header.
  ///
  /// GCM only.
  @_noLocks
  func seal(
    header: UnsafeRawPointer, headerSize: Int, control: UInt32?, payload: UnsafeMutableRawPointer, count: Int, tag: UnsafeMutableRawPointer,
    source: UInt32, index: UInt64
  ) -> Bool {
    setVector(source: source, index: index)
    tail.pointee = (control ?? 0).bigEndian
    return copenssl_gcm_seal(
      cipher, vector, header, Int32(truncatingIfNeeded: headerSize), tail, control == nil ? 0 : 4, payload,
      Int32(truncatingIfNeeded: count), tag) == 1
  }

  /// The reverse; false where the tag is wrong.
  ///
  /// GCM only.
  @_noLocks
  func open(
    header: UnsafeRawPointer, headerSize: Int, control: UInt32?, payload: UnsafeRawPointer, count: Int, tag: UnsafeRawPointer,
    into output: UnsafeMutableRawPointer, source: UInt32, index: UInt64
  ) -> Bool {
    setVector(source: source, index: index)
    tail.pointee = (control ?? 0).bigEndian
    return copenssl_gcm_open(
      cipher, vector, header, Int32(truncatingIfNeeded: headerSize), tail, control == nil ? 0 : 4, payload, output,
      Int32(truncatingIfNeeded: count), tag) == 1
  }
}
