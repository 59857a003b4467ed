import RealTime

/// A fingerprint of everything that happened, in order (FNV-1a, 64 bits): equal for two runs that are the same.
package struct Trace: Hashable, Sendable {
  package private(set) var hash: UInt64 = 0xcbf2_9ce4_8422_2325
  /// How many happenings are in it.
  package private(set) var count = 0

  package init() {}

  mutating func note(_ bytes: [UInt8], at time: MediaTime) {
    count += 1
    mix(UInt64(bitPattern: time.nanoseconds))
    for byte in bytes { mix(UInt64(byte)) }
  }

  mutating func note(_ text: String, at time: MediaTime) { note(Array(text.utf8), at: time) }

  private mutating func mix(_ value: UInt64) { hash = (hash ^ value) &* 0x100_0000_01b3 }
}
