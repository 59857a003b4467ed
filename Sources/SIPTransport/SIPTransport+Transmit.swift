import Glibc
import NIOCore
import NIOPosix
import NIOSSL
package import SIP

extension SIPTransport {
  /// Sends a message: on a flow, or to an address, for which a listener is chosen (UDP) or a connection found or opened (TCP, TLS).
  ///
  /// On the event loop. What cannot be sent comes back to the delegate later.
  package func transmit(_ message: SIPMessage, to destination: Destination) {
    eventLoop.assertInEventLoop()
    guard !isShutDown else { return failed(message, to: destination, SIPTransportError(.noWay, "the transport is shut down")) }
    switch destination {
    case .flow(let flow) where flow.transport == .udp:
      guard let listener = datagramListeners.first(where: { $0.id == flow.id }), let remote = addresses.socketAddress(of: flow.remote)
      else {
        return failed(message, to: destination, SIPTransportError(.noWay, "there is no UDP listener \(flow.local)"))
      }
      send(message, to: destination, remote, through: listener)
    case .flow(let flow):
      guard let connection = connections.connection(id: flow.id) else {
        return failed(message, to: destination, SIPTransportError(.connectionClosed, "the connection to \(flow.remote) is closed"))
      }
      connection.send(message, to: destination)
    case .address(.udp, let address):
      if let remote = addresses.socketAddress(of: address) {
        send(message, to: destination, remote, through: listener(for: remote))
      } else {
        resolve(address, message, destination)
      }
    case .address(let kind, let address):
      let remote = ConnectionTable<StreamConnection>.Remote(transport: kind, address: address)
      if let connection = connections.connection(to: remote) ?? connect(remote) {
        connection.send(message, to: destination)
      } else {
        failed(message, to: destination, SIPTransportError(.congested, "\(connections.count) connections are open; no more are allowed"))
      }
    }
  }

  // MARK: UDP

  /// The listener of the same family that can reach the address: loopback for loopback, else one that is not bound to it.
  private func listener(for remote: SocketAddress) -> DatagramListener? {
    let text = addresses.text(of: remote)
    let sameFamily = datagramListeners.filter { $0.local.isIPv6 == text.isIPv6 }
    return sameFamily.first { $0.local.isWildcard || $0.local.isLoopback == text.isLoopback } ?? sameFamily.first
  }

  private func send(_ message: SIPMessage, to destination: Destination, _ remote: SocketAddress, through listener: DatagramListener?) {
    guard let listener else {
      return failed(
        message, to: destination, SIPTransportError(.noWay, "no UDP listener reaches \(SIPAddress(remote)); add one to sip.listen"))
    }
    let promise = eventLoop.makePromise(of: Void.self)
    promise.futureResult.assumeIsolated().whenComplete { [self] result in
      switch result {
      case .success: statistics.messagesSent += 1
      case .failure(let error): failed(message, to: destination, SIPTransportError(.send, "\(SIPAddress(remote)): \(error)"))
      }
    }
    listener.write(message.serialize(), to: remote, promise: promise)
  }

  /// Looks a name up away from the event loop; messages to it wait meanwhile.
  private func resolve(_ address: SIPAddress, _ message: SIPMessage, _ destination: Destination) {
    if let known = resolutions.address(of: address, now: .now()) {
      return send(message, to: destination, known, through: listener(for: known))
    }
    switch resolutions.wait(for: address, .init(message: message, destination: destination), limit: configuration.limits.queuedMessages) {
    case .full: failed(message, to: destination, SIPTransportError(.congested, "too many messages wait for the address of \(address.host)"))
    case .waiting: break
    case .begin:
      let looked = NIOThreadPool.singleton.runIfActive(eventLoop: eventLoop) {
        try SocketAddress.makeAddressResolvingHost(address.host, port: Int(address.port))
      }
      looked.assumeIsolated().whenComplete { [self] result in
        let found = try? result.get()
        for waiting in resolutions.finish(address, found, now: .now()) {
          if let found {
            send(waiting.message, to: waiting.destination, found, through: listener(for: found))
          } else {
            failed(waiting.message, to: waiting.destination, SIPTransportError(.unresolved, "\(address.host) has no address"))
          }
        }
      }
    }
  }

  // MARK: TCP and TLS

  /// nil when no more connections are allowed.
  private func connect(_ remote: ConnectionTable<StreamConnection>.Remote) -> StreamConnection? {
    let connection = StreamConnection(id: nextID(), kind: remote.transport, isAccepted: false, transport: self)
    guard connections.insertOpened(connection, id: connection.id, to: remote) else { return nil }
    let host = remote.address.host
    let numeric = addresses.socketAddress(of: remote.address)
    let holder = NIOLoopBound(connection, eventLoop: eventLoop)
    let bootstrap = ClientBootstrap(group: eventLoop)
      .connectTimeout(configuration.limits.connect)
      .channelOption(.socketOption(.tcp_nodelay), value: 1)
      .channelOption(.socketOption(.so_keepalive), value: 1)
      .channelInitializer { [self] channel in
        channel.eventLoop.makeCompletedFuture {
          if remote.transport == .tls {
            // A name is checked against the certificate's names, an address against its addresses.
            let handler = try NIOSSLClientHandler(context: tls.client, serverHostname: numeric == nil ? host : nil)
            try channel.pipeline.syncOperations.addHandler(handler)
          }
          try channel.pipeline.syncOperations.addHandler(holder.value)
        }
      }
    let opening = numeric.map { bootstrap.connect(to: $0) } ?? bootstrap.connect(host: host, port: Int(remote.address.port))
    opening.assumeIsolated().whenFailure { error in
      connection.couldNotConnect(SIPTransportError(.connect, "\(remote.transport.rawValue)://\(remote.address): \(Self.reason(error))"))
    }
    return connection
  }
  /// The system's own words where there are any.
  private static func reason(_ error: any Error) -> String {
    let cause = (error as? NIOConnectionError)?.connectionErrors.first?.error ?? error
    return (cause as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(cause)"
  }
}
