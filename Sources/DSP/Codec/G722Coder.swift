import CSpanDSP

/// G.722 at 64 kbit/s, of which the lower band is the telephone's: 8 kHz in and out, an octet a sample.
///
/// The standard's filter bank would make 16 kHz of it; its lower band is what lies below 4 kHz, at 8 kHz already. Toward the peer the
/// upper band is silent. One thread at a time.
struct G722Coder: ~Copyable {
  private let encoder: OpaquePointer?
  private let decoder: OpaquePointer?

  /// Allocates.
  init() {
    encoder = g722_encode_init(nil, 64_000, G722Coder.options)
    decoder = g722_decode_init(nil, 64_000, G722Coder.options)
  }

  private static var options: Int32 { @_noLocks get { 1 } }

  deinit {
    if let encoder { _ = g722_encode_free(encoder) }
    if let decoder { _ = g722_decode_free(decoder) }
  }

  /// As many octets as there are samples.
  @_noLocks
  mutating func encode(_ samples: UnsafeBufferPointer<Int16>, into bytes: UnsafeMutableRawBufferPointer) -> Int {
    guard let encoder, let source = samples.baseAddress, let target = bytes.baseAddress, bytes.count >= samples.count else { return 0 }
    return Int(g722_encode(encoder, target.assumingMemoryBound(to: UInt8.self), source, Int32(truncatingIfNeeded: samples.count)))
  }

  /// As many samples as there are octets.
  @_noLocks
  mutating func decode(_ payload: UnsafeRawBufferPointer, into samples: UnsafeMutableBufferPointer<Int16>) -> Int {
    guard let decoder, let source = payload.baseAddress, let target = samples.baseAddress, samples.count >= payload.count else { return 0 }
    return Int(g722_decode(decoder, target, source.assumingMemoryBound(to: UInt8.self), Int32(truncatingIfNeeded: payload.count)))
  }

  @_noLocks
  mutating func resetDecoder() {
    // With a state of ours this only clears it.
    if let decoder { _ = g722_decode_init(decoder, 64_000, Self.options) }
  }
}
