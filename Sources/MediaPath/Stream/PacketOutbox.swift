import RTP

/// Which of a call's two flows a packet belongs to.
package enum MediaComponent: UInt8, Sendable, BitwiseCopyable { case rtp, rtcp }

/// A packet that waits to be sent; `bytes` is valid until the path's next input.
package struct OutgoingPacket: BitwiseCopyable {
  /// The socket it leaves by.
  package let component: MediaComponent
  package let destination: MediaAddress
  package let bytes: UnsafeRawBufferPointer

  @_noLocks
  init(component: MediaComponent, destination: MediaAddress, bytes: UnsafeRawBufferPointer) {
    self.component = component
    self.destination = destination
    self.bytes = bytes
  }
}

/// The packets one path has made and nobody has sent yet: eight slots, preallocated.
struct PacketOutbox: ~Copyable {
  /// Bytes in a slot: 60 ms of G.711 with headers and an authentication tag, or a compound report.
  static var slotSize: Int {
    @_noLocks get { 528 }
  }

  private struct Entry: BitwiseCopyable {
    var component = MediaComponent.rtp
    var destination = MediaAddress.none
    var count = 0
  }

  private let memory: UnsafeMutableRawPointer
  private var entries = InlineArray<8, Entry>(repeating: Entry())
  private var head = 0
  private(set) var count = 0
  /// Packets that found all slots taken.
  private(set) var overflows = 0

  init() {
    memory = UnsafeMutableRawPointer.allocate(byteCount: 8 * Self.slotSize, alignment: 16)
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: 8 * Self.slotSize)
  }

  deinit {
    memory.deallocate()
  }

  /// The slot the next packet is to be written into; nil when all are taken.
  @_noLocks
  mutating func freeSlot() -> UnsafeMutableRawBufferPointer? {
    guard count < 8 else {
      overflows &+= 1
      return nil
    }
    return UnsafeMutableRawBufferPointer(start: memory + ((head &+ count) & 7) &* Self.slotSize, count: Self.slotSize)
  }

  /// Queues what was written into `freeSlot`.
  @_noLocks
  mutating func commit(_ byteCount: Int, component: MediaComponent, to destination: MediaAddress) {
    guard count < 8, byteCount > 0, byteCount <= Self.slotSize else { return }
    entries[(head &+ count) & 7] = Entry(component: component, destination: destination, count: byteCount)
    count &+= 1
  }

  @_noLocks
  mutating func popFirst() -> OutgoingPacket? {
    guard count > 0 else { return nil }
    let entry = entries[head]
    let start = memory + head &* Self.slotSize
    head = (head &+ 1) & 7
    count &-= 1
    let bytes = UnsafeRawBufferPointer(start: start, count: entry.count)
    return OutgoingPacket(component: entry.component, destination: entry.destination, bytes: bytes)
  }

  /// The same, protected in its slot; a packet that cannot be is dropped.
  @_noLocks
  mutating func popFirst(protectedBy security: UnsafeMutablePointer<SRTPSession>?) -> OutgoingPacket? {
    while count > 0 {
      let entry = entries[head]
      let slot = UnsafeMutableRawBufferPointer(start: memory + head &* Self.slotSize, count: Self.slotSize)
      head = (head &+ 1) & 7
      count &-= 1
      guard let security else { continue }
      var isControl = false
      if case .rtcp = DatagramKind(UnsafeRawBufferPointer(slot)) { isControl = true }
      let size = security.pointee.protect(slot, count: entry.count, isControl: isControl)
      guard size > 0 else { continue }
      let bytes = UnsafeRawBufferPointer(start: slot.baseAddress, count: size)
      return OutgoingPacket(component: entry.component, destination: entry.destination, bytes: bytes)
    }
    return nil
  }
}
