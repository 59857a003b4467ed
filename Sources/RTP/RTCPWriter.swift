/// Writes an RTCP compound packet into the caller's bytes (RFC 3550, 6.1: a report first, then the canonical name).
///
/// A packet that does not fit is left out whole, and its function says false.
package struct RTCPWriter: BitwiseCopyable {
  private let bytes: UnsafeMutableRawBufferPointer
  /// Octets written.
  package private(set) var count = 0

  @_noLocks
  package init(_ bytes: UnsafeMutableRawBufferPointer) {
    self.bytes = bytes
  }

  /// A sender report, with a block when something was received.
  @_noLocks
  package mutating func senderReport(source: UInt32, _ information: SenderInformation, block: ReportBlock?) -> Bool {
    guard begin(type: 200, items: block == nil ? 0 : 1, bodyOctets: 24 &+ (block == nil ? 0 : 24)) else { return false }
    put(source)
    put(UInt32(truncatingIfNeeded: information.time.value >> 32))
    put(UInt32(truncatingIfNeeded: information.time.value))
    put(information.timestamp)
    put(information.packets)
    put(information.octets)
    if let block { put(block) }
    return true
  }

  /// A receiver report, with a block when something was received.
  @_noLocks
  package mutating func receiverReport(source: UInt32, block: ReportBlock?) -> Bool {
    guard begin(type: 201, items: block == nil ? 0 : 1, bodyOctets: 4 &+ (block == nil ? 0 : 24)) else { return false }
    put(source)
    if let block { put(block) }
    return true
  }

  /// A source description with the canonical name; cut to 255 octets.
  @_noLocks
  package mutating func sourceDescription(source: UInt32, canonicalName: UnsafeRawBufferPointer) -> Bool {
    let length = canonicalName.count > 255 ? 255 : canonicalName.count
    // The item list ends with at least one zero octet, up to the word.
    let items = (2 &+ length &+ 1 &+ 3) & ~3
    guard begin(type: 202, items: 1, bodyOctets: 4 &+ items) else { return false }
    put(source)
    let start = count
    bytes[start] = 1
    bytes[start &+ 1] = UInt8(truncatingIfNeeded: length)
    var index = 0
    while index < length {
      bytes[start &+ 2 &+ index] = canonicalName[index]
      index = index &+ 1
    }
    index = start &+ 2 &+ length
    while index < start &+ items {
      bytes[index] = 0
      index = index &+ 1
    }
    count = start &+ items
    return true
  }

  /// An extended report with one block of VoIP metrics (RFC 3611).
  @_noLocks
  package mutating func extendedReport(source: UInt32, _ metrics: VoiceMetrics) -> Bool {
    guard begin(type: 207, items: 0, bodyOctets: 4 &+ VoiceMetrics.octets) else { return false }
    put(source)
    metrics.write(into: bytes, at: count)
    count = count &+ VoiceMetrics.octets
    return true
  }

  /// The source leaves.
  @_noLocks
  package mutating func bye(source: UInt32) -> Bool {
    guard begin(type: 203, items: 1, bodyOctets: 4) else { return false }
    put(source)
    return true
  }

  @_noLocks
  private mutating func begin(type: UInt8, items: UInt8, bodyOctets: Int) -> Bool {
    guard bytes.count &- count >= 4 &+ bodyOctets else { return false }
    bytes[count] = 0x80 | items
    bytes[count &+ 1] = type
    NetworkOrder.store(UInt16(truncatingIfNeeded: bodyOctets / 4), in: bytes, at: count &+ 2)
    count = count &+ 4
    return true
  }

  @_noLocks
  private mutating func put(_ value: UInt32) {
    NetworkOrder.store(value, in: bytes, at: count)
    count = count &+ 4
  }

  @_noLocks
  private mutating func put(_ block: ReportBlock) {
    put(block.source)
    put(UInt32(block.fractionLost) << 24 | UInt32(bitPattern: block.cumulativeLost) & 0xFF_FFFF)
    put(block.extendedHighestSequence)
    put(block.jitter)
    put(block.lastSenderReport)
    put(block.delaySinceLastSenderReport)
  }
}
