/// The blocks of an extended report (RFC 3611, 3), over bytes it does not own.
package struct ExtendedReportBlocks: BitwiseCopyable {
  private let bytes: UnsafeRawBufferPointer

  @_noLocks
  init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
  }

  /// The VoIP metrics about `source`; nil when there are none.
  ///
  /// Blocks of other types are passed over; a torn one ends the search.
  @_noLocks
  package func voiceMetrics(about source: UInt32) -> VoiceMetrics? {
    var offset = 0
    while offset &+ 4 <= bytes.count {
      let size = 4 &* (Int(NetworkOrder.load16(bytes, at: offset &+ 2)) &+ 1)
      guard offset &+ size <= bytes.count, let base = bytes.baseAddress else { return nil }
      let block = UnsafeRawBufferPointer(start: base + offset, count: size)
      if let metrics = VoiceMetrics(block), metrics.source == source { return metrics }
      offset = offset &+ size
    }
    return nil
  }
}
