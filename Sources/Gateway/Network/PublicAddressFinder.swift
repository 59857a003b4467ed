import Logging
import NIOCore
import SIP
import SIPTransport
import WebRTC

/// Asks a STUN server under which address our SIP port is seen from outside; on the event loop.
///
///     start ──▶ name looked up ──▶ BindingClient ── found: told where it has changed ──▶ again after 30 s
///                      ▲                └─── failed: the last address stays ──────────▶ again after 10 s
///                      └──────────────────────────────────────────────────────────────────┘
/// Asking again also keeps the NAT's mapping for the SIP port.
final class PublicAddressFinder {
  private static let interval = TimeAmount.seconds(30)
  private static let retryInterval = TimeAmount.seconds(10)

  /// nil: not known yet.
  private(set) var current: SIPAddress?
  private let server: SIPAddress
  private let transport: SIPTransport
  private let logger: Logger
  private let changed: (SIPAddress) -> Void
  private var client: BindingClient?
  private var remote: SIPAddress?
  private var timer: Scheduled<Void>?
  private var isStopped = false
  private var random = SystemRandomNumberGenerator()
  private var failures = 0

  init(server: SIPAddress, transport: SIPTransport, logger: Logger, changed: @escaping (SIPAddress) -> Void) {
    self.server = server
    self.transport = transport
    self.logger = logger
    self.changed = changed
  }

  private var now: Duration { .nanoseconds(Int64(truncatingIfNeeded: NIODeadline.now().uptimeNanoseconds)) }

  func start() {
    guard !isStopped else { return }
    transport.addresses(of: server, over: .udp) { [weak self] found in
      guard let self, !isStopped else { return }
      guard let remote = found.first else { return failed("\(server.host) has no address") }
      self.remote = remote
      client = BindingClient(using: &random, now: now)
      transport.listen(to: remote) { [weak self] bytes in self?.received(bytes) }
      advance()
    }
  }

  func stop() {
    isStopped = true
    timer?.cancel()
    transport.stopListeningAside()
  }

  private func advance() {
    guard let action = client?.advance(to: now) else { return }
    perform(action)
  }

  private func received(_ bytes: [UInt8]) {
    guard let action = client?.receive(bytes) else { return }
    perform(action)
  }

  private func perform(_ action: BindingClient.Action) {
    switch action {
    case .none: break
    case .send(let bytes):
      guard let remote, transport.sendAside(bytes, to: remote) else { return failed("no UDP listener reaches \(server)") }
    case .found(let address):
      if failures > 0 { logger.notice("the STUN server answers again", metadata: ["server": "\(server)"]) }
      failures = 0
      found(address)
      return again(after: Self.interval)
    case .failed(let failure):
      return failed("\(failure)")
    }
    if let deadline = client?.deadline { again(after: .nanoseconds(max((deadline - now).inNanoseconds, 0)), beginning: false) }
  }

  private func found(_ address: STUNAddress) {
    // Where the port is kept it is the listeners' own, each with its own number.
    let isKept = transport.listeners.contains { $0.transport == .udp && $0.address.port == address.port }
    let found = SIPAddress(host: address.host, port: isKept ? 0 : address.port)
    guard found != current else { return }
    logger.notice("public address found", metadata: ["address": "\(address)", "before": "\(current?.host ?? "-")"])
    current = found
    changed(found)
  }

  private func failed(_ reason: String) {
    failures += 1
    if failures == 1 {
      logger.warning("the STUN server gives no public address", metadata: ["server": "\(server)", "reason": "\(reason)"])
    }
    again(after: Self.retryInterval)
  }

  private func again(after wait: TimeAmount, beginning: Bool = true) {
    timer?.cancel()
    if beginning { client = nil }
    guard !isStopped else { return }
    timer = transport.eventLoop.assumeIsolated().scheduleTask(in: wait) { [weak self] in
      if beginning { self?.start() } else { self?.advance() }
    }
  }
}
