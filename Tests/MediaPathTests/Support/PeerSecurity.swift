import RTP
import RealTime

/// The peer's end of a secure call.
final class PeerSecurity {
  private var session: SRTPSession
  /// What the gateway is to be told.
  private(set) var gatewayKeys: SRTPKeys
  private(set) var rejected = 0

  init?(_ suite: SRTPSuite, seed: UInt8 = 1) {
    guard let keys = Self.keys(suite, seed) else { return nil }
    session = SRTPSession(suite: suite)
    gatewayKeys = keys
    use(keys)
  }

  private static func keys(_ suite: SRTPSuite, _ seed: UInt8) -> SRTPKeys? {
    let count = UInt8(SRTPSuite.keySize + suite.saltSize)
    guard let send = SRTPMasterKey((0..<count).map { $0 &* 3 &+ seed }, suite: suite),
      let receive = SRTPMasterKey((0..<count).map { $0 &* 5 &+ seed }, suite: suite)
    else { return nil }
    return SRTPKeys(suite: suite, send: send, receive: receive)
  }

  private func use(_ keys: SRTPKeys) {
    gatewayKeys = keys
    _ = session.secure(SRTPKeys(suite: keys.suite, send: keys.receive, receive: keys.send), now: .zero)
  }

  /// Both ends get new keys; the gateway is to be told them.
  func renew(seed: UInt8) {
    if let keys = Self.keys(gatewayKeys.suite, seed) { use(keys) }
  }

  func seal(_ packet: [UInt8], isControl: Bool = false) -> [UInt8] {
    var bytes = packet + [UInt8](repeating: 0, count: 24)
    let size = bytes.withUnsafeMutableBytes { session.protect($0, count: packet.count, isControl: isControl) }
    return Array(bytes[..<size])
  }

  /// nil: it cannot be read.
  func open(_ packet: [UInt8]) -> [UInt8]? {
    let opened: [UInt8]? = packet.withUnsafeBytes { bytes in
      guard case .success(let plain) = session.unprotect(bytes, isControl: DatagramKind(bytes) == .rtcp, now: .zero) else { return nil }
      return Array(plain)
    }
    if opened == nil { rejected += 1 }
    return opened
  }
}
