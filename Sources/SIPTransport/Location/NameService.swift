import DNS
import Foundation
import Logging
import NIOCore

/// Performs what `ServerLocator` decides: its sockets, its clock, the files it goes by; on the event loop.
final class NameService {
  typealias Answer = ([ServiceAddress]) -> Void

  private let eventLoop: any EventLoop
  private let logger: Logger
  private var locator: ServerLocator
  private var waiting: [ServiceTarget: [Answer]] = [:]
  private var sockets: [DNS.Resolver.ExchangeID: NameSocket] = [:]
  private var timer: Scheduled<Void>?
  private var timerDeadline: Duration?
  private var isPerforming = false
  private var resolvConf: WatchedFile?
  private var hosts = WatchedFile("/etc/hosts")
  private var nextLook = Duration.zero
  /// How often the files are looked at, at most.
  private static let lookInterval = Duration.seconds(5)

  /// - Parameter servers: whom to ask; none: those of resolv.conf(5).
  init(eventLoop: any EventLoop, servers: [DNSServer], logger: Logger) {
    self.eventLoop = eventLoop
    self.logger = logger
    locator = ServerLocator(configuration: ResolverConfiguration(servers: servers), seed: .random(in: 0 ... .max))
    if servers.isEmpty { resolvConf = WatchedFile("/etc/resolv.conf") }
  }

  private var now: Duration { .nanoseconds(Int64(truncatingIfNeeded: NIODeadline.now().uptimeNanoseconds)) }

  // MARK: Questions

  /// The servers, best first; answered from within where they are known.
  func locate(_ target: ServiceTarget, answer: @escaping Answer) {
    lookAtFiles()
    guard waiting[target] == nil else {
      waiting[target]?.append(answer)
      return
    }
    waiting[target] = [answer]
    locator.locate(target, now: now)
    perform()
  }

  func avoid(_ server: ServiceAddress) { locator.avoid(server, now: now) }

  /// Whoever waits is told that there is nothing.
  func shutdown() {
    timer?.cancel()
    timer = nil
    for socket in sockets.values { socket.close() }
    sockets = [:]
    let answers = waiting.values.flatMap { $0 }
    waiting = [:]
    for answer in answers { answer([]) }
  }

  private func lookAtFiles() {
    let now = now
    guard now >= nextLook else { return }
    nextLook = now + Self.lookInterval
    if let text = resolvConf?.changedText() { locator.resolver.configuration = ResolverConfiguration(resolvConf: text) }
    if let text = hosts.changedText() { locator.resolver.hosts = HostsFile(text) }
  }

  // MARK: The funnel

  private func perform() {
    // An answer may bring the next question; its outputs wait their turn.
    guard !isPerforming else { return }
    isPerforming = true
    while let output = locator.nextOutput() {
      switch output {
      case .located(let target, let servers):
        for answer in waiting.removeValue(forKey: target) ?? [] { answer(servers) }
      case .resolver(.send(let bytes, let server, let byTCP, let id)): send(bytes, to: server, byTCP: byTCP, id)
      case .resolver(.close(let id)): sockets.removeValue(forKey: id)?.close()
      case .resolver(.answered): break
      }
    }
    isPerforming = false
    rearm()
  }

  private func send(_ bytes: [UInt8], to server: DNSServer, byTCP: Bool, _ id: DNS.Resolver.ExchangeID) {
    guard let address = try? SocketAddress(ipAddress: server.host, port: Int(server.port)) else { return failed(id) }
    let socket = NameSocket(
      received: { [weak self] bytes in
        guard let self else { return }
        locator.received(bytes, on: id, now: now)
        perform()
      }, failed: { [weak self] in self?.failed(id) })
    sockets[id] = socket
    socket.open(to: address, byTCP: byTCP, sending: bytes, on: eventLoop)
  }

  private func failed(_ id: DNS.Resolver.ExchangeID) {
    eventLoop.assumeIsolated().execute { [weak self] in
      guard let self else { return }
      locator.failed(id, now: now)
      perform()
    }
  }

  private func rearm() {
    guard let deadline = locator.nextDeadline else { return }
    if let timerDeadline, timer != nil, timerDeadline <= deadline { return }
    timer?.cancel()
    timerDeadline = deadline
    let wait = deadline - now
    let nanoseconds = wait.components.seconds * 1_000_000_000 + wait.components.attoseconds / 1_000_000_000
    timer = eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(max(nanoseconds, 0))) { [weak self] in self?.timerFired() }
  }

  private func timerFired() {
    timer = nil
    locator.advance(to: now)
    perform()
  }
}
