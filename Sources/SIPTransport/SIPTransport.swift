package import Logging
package import NIOCore
import NIOPosix
import NIOSSL
package import SIP

/// SIP over UDP, TCP and TLS: performs on SwiftNIO what SIP's machines decide.
///
/// ```
///   UDP socket ─ DatagramListener ─┐                                         ┌─ DatagramListener ─▶
///   TCP, TLS ─── StreamConnection ─┴─▶ delegate (parsed, on a flow)   transmit ─┴─ StreamConnection, opened where needed ─▶
/// ```
/// Everything runs on the one event loop given: its delegate is called there, and but for `start`, `shutdown` and what is marked so, its
/// members may only be used there; that is what makes it sendable.
package final class SIPTransport: @unchecked Sendable {
  package let eventLoop: any EventLoop
  package let configuration: SIPTransportConfiguration
  package internal(set) var statistics = SIPTransportStatistics()
  /// The latest messages.
  package internal(set) var trace: MessageTrace
  /// In the order of the configuration; filled by `start`.
  package private(set) var listeners: [SIPListener] = []
  /// Kept until `shutdown`.
  package var delegate: (any SIPTransportDelegate)?

  /// `[::]` does not take IPv4 as well, so that both can be listened on.
  private static var onlyIPv6: ChannelOptions.Types.SocketOption { .init(level: .ipv6, name: .ipv6_v6only) }

  /// Who is let in; nil, the default: everybody.
  package var door: Door?

  let logger: Logger
  var tls: TLSContexts
  var isLookingAtCertificates = false
  /// What was wrong with changed certificate files at the last look.
  var certificateTrouble: String?
  var addresses = AddressCache()
  var connections: ConnectionTable<StreamConnection>
  var newcomers = Newcomers()
  let names: NameService
  var waitingForNames = 0
  var aside: Aside?
  var datagramListeners: [DatagramListener] = []
  var isShutDown = false
  /// Datagrams wait until `gather` is over.
  var isGathering = false
  private var channels: [any Channel] = []
  private var sweep: RepeatedTask?
  private var certificateLook: RepeatedTask?
  private var lastID: UInt64 = 0

  /// Reads certificates; blocks on the disk.
  package init(eventLoop: any EventLoop, configuration: SIPTransportConfiguration, logger: Logger) throws(SIPTransportError) {
    self.eventLoop = eventLoop
    self.configuration = configuration
    self.logger = logger
    tls = try TLSContexts(configuration.tls)
    names = NameService(eventLoop: eventLoop, servers: configuration.nameServers, logger: logger)
    trace = MessageTrace(capacity: configuration.traceBytes)
    connections = ConnectionTable(limit: configuration.limits.connections, limitPerSource: configuration.limits.connectionsPerSource)
  }

  /// Number for the next listener or connection.
  func nextID() -> UInt64 {
    lastID += 1
    return lastID
  }

  // MARK: Start and end

  /// Opens all listeners, or none; may be called on any thread.
  package func start() async throws(SIPTransportError) -> [SIPListener] {
    var opened: [(listener: SIPListener, channel: any Channel)] = []
    do {
      for point in configuration.listen {
        opened.append(try await open(point))
      }
    } catch {
      for (_, channel) in opened { try? await channel.close() }
      throw error
    }
    let result = opened
    let started = eventLoop.submit { [self] in
      listeners = result.map(\.listener)
      channels = result.map(\.channel)
      sweep = eventLoop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { [weak self] _ in self?.closeOverdue() }
      let interval = Self.certificateLookInterval
      certificateLook = eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { [weak self] _ in
        self?.lookAtCertificates()
      }
    }
    do { try await started.get() } catch { throw SIPTransportError(.bind, "\(error)") }
    return result.map(\.listener)
  }

  /// Closes all listeners and connections and lets go of the delegate; may be called on any thread.
  package func shutdown() async {
    let closing = eventLoop.submit { [self] in
      isShutDown = true
      sweep?.cancel()
      certificateLook?.cancel()
      names.shutdown()
      delegate = nil
      for connection in connections.connections { connection.close() }
      let closing = channels
      channels = []
      return closing
    }
    guard let channels = try? await closing.get() else { return }
    for channel in channels { try? await channel.close() }
    // What the connections' handlers had to say has been said when this returns; the listeners' hold on this object ends.
    try? await eventLoop.submit { [self] in datagramListeners = [] }.get()
  }

  private func open(_ point: SIPTransportConfiguration.ListenPoint) async throws(SIPTransportError) -> (SIPListener, any Channel) {
    if point.transport == .tls, tls.server == nil {
      throw SIPTransportError(.certificate, "sip.listen: \(point) needs a certificate; set sip.tls")
    }
    do {
      let address = try SocketAddress.makeAddressResolvingHost(point.host, port: Int(point.port))
      let id = try await eventLoop.submit { [self] in nextID() }.get()
      let channel = try await point.transport == .udp ? bindDatagram(address, id: id) : bindStream(point.transport, address)
      let bound = SIPAddress(host: address.ipAddress ?? point.host, port: UInt16(truncatingIfNeeded: channel.localAddress?.port ?? 0))
      return (SIPListener(id: id, transport: point.transport, address: bound), channel)
    } catch {
      throw .bind(point, error)
    }
  }

  private func bindDatagram(_ address: SocketAddress, id: UInt64) async throws -> any Channel {
    var bootstrap = DatagramBootstrap(group: eventLoop)
      // Not shared with another process: a port that is taken must be an error.
      .channelOption(.socketOption(.so_rcvbuf), value: 4 << 20)
      // Eight datagrams a system call, each of up to 64 KB.
      .channelOption(.datagramVectorReadMessageCount, value: 8)
      .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 8 * 65_536))
      // Which of our addresses a datagram was sent to is known where there is only one.
      .channelOption(.receivePacketInfo, value: address.ipAddress == "0.0.0.0" || address.ipAddress == "::")
      .channelInitializer { [self] channel in
        channel.eventLoop.makeCompletedFuture {
          let listener = DatagramListener(id: id, transport: self)
          try channel.pipeline.syncOperations.addHandler(listener)
          datagramListeners.append(listener)
        }
      }
    if address.protocol == .inet6 { bootstrap = bootstrap.channelOption(Self.onlyIPv6, value: 1) }
    do {
      return try await bootstrap.bind(to: address).get()
    } catch {
      _ = try? await eventLoop.submit { [self] in datagramListeners.removeAll { $0.id == id } }.get()
      throw error
    }
  }

  private func bindStream(_ kind: SIPTransportKind, _ address: SocketAddress) async throws -> any Channel {
    var bootstrap = ServerBootstrap(group: eventLoop)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .serverChannelOption(.backlog, value: 1024)
      .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
      .childChannelOption(.socketOption(.so_keepalive), value: 1)
      .childChannelInitializer { [self] channel in
        channel.eventLoop.makeCompletedFuture { try accept(channel, kind) }
      }
    if address.protocol == .inet6 { bootstrap = bootstrap.serverChannelOption(Self.onlyIPv6, value: 1) }
    return try await bootstrap.bind(to: address).get()
  }

  // MARK: Connections

  /// A new connection, before its first byte; an error closes it.
  private func accept(_ channel: any Channel, _ kind: SIPTransportKind) throws {
    guard !isShutDown, let remote = channel.remoteAddress else { throw ChannelError.ioOnClosedChannel }
    guard let visitor = visitor(remote, isTLS: kind == .tls) else {
      statistics.connectionsRefused += 1
      throw SIPTransportError(.congested, "no connections from \(addresses.text(of: remote).host) now")
    }
    let connection = StreamConnection(id: nextID(), kind: kind, visitor: visitor, transport: self)
    let key = ConnectionTable<StreamConnection>.Remote(transport: kind, address: addresses.text(of: remote))
    makeRoom()
    let isKnown = door != nil && knows(visitor)
    guard connections.insertAccepted(connection, id: connection.id, from: key, isKnown: isKnown) else {
      statistics.connectionsRefused += 1
      throw SIPTransportError(.congested, "too many connections from \(key.address.host)")
    }
    newcomers.add(connection.id)
    statistics.connectionsAccepted += 1
    if kind == .tls, let server = tls.server {
      try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: server))
    }
    try channel.pipeline.syncOperations.addHandler(connection)
  }

  private func closeOverdue() {
    let now = NIODeadline.now()
    for connection in connections.connections where connection.isOverdue(now, configuration.limits) {
      statistics.connectionsTimedOut += 1
      connection.close()
    }
  }

  /// Closes the connection of a flow; what was transmitted on it before still goes out.
  ///
  /// UDP flows have nothing to close.
  package func close(_ flow: Flow) {
    connections.connection(id: flow.id)?.close()
  }

  /// How many connections are open or being opened.
  package var connectionCount: Int { connections.count }
}
