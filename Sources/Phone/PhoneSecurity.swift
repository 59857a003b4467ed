import RTP
import RealTime

/// SRTP of the telephone: none, or a session for the suite that was agreed on.
struct PhoneSecurity: ~Copyable {
  private var session: UnsafeMutablePointer<SRTPSession>?
  private var isSecure = false
  private let packet: UnsafeMutableRawBufferPointer

  init() { packet = .allocate(byteCount: SRTPSession.capacity, alignment: 16) }

  deinit {
    session?.deinitialize(count: 1)
    session?.deallocate()
    packet.deallocate()
  }

  /// nil: plain from now on.
  mutating func apply(_ keys: SRTPKeys?, now: MediaTime) {
    isSecure = keys != nil
    guard let keys else { return }
    if session?.pointee.suite != keys.suite {
      session?.deinitialize(count: 1)
      session?.deallocate()
      let made = UnsafeMutablePointer<SRTPSession>.allocate(capacity: 1)
      made.initialize(to: SRTPSession(suite: keys.suite))
      session = made
    }
    _ = session?.pointee.secure(keys, now: now)
  }

  /// What a packet that came holds, valid until the next; nil: it is not the peer's.
  mutating func open(_ bytes: UnsafeRawBufferPointer, isControl: Bool, now: MediaTime) -> UnsafeRawBufferPointer? {
    guard isSecure else { return bytes }
    guard let session, case .success(let opened) = session.pointee.unprotect(bytes, isControl: isControl, now: now) else { return nil }
    return opened
  }

  /// The packet as it is to be sent, valid until the next; nil: not at all.
  mutating func seal(_ bytes: UnsafeRawBufferPointer, isControl: Bool) -> UnsafeRawBufferPointer? {
    guard isSecure else { return bytes }
    guard let session, bytes.count <= packet.count else { return nil }
    packet.copyMemory(from: bytes)
    let size = session.pointee.protect(packet, count: bytes.count, isControl: isControl)
    return size > 0 ? UnsafeRawBufferPointer(rebasing: packet[..<size]) : nil
  }
}
