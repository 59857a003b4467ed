import Hummingbird
package import Logging
import NIOCore
import ServiceLifecycle
import Synchronization

/// The status socket: HTTP over a Unix socket, answered by a backend.
package final class ControlServer: Sendable {
  private let path: String
  private let group: ServiceGroup
  private let running: Task<Void, any Error>

  private init(path: String, group: ServiceGroup, running: Task<Void, any Error>) {
    self.path = path
    self.group = group
    self.running = running
  }

  /// Opens the socket and returns when it accepts connections.
  ///
  /// - Throws: `ControlSocketError`, or what binding the socket brought.
  package static func start(path: String, backend: any ControlBackend, logger: Logger) async throws -> ControlServer {
    try ControlSocket.prepare(path)
    let (ready, continuation) = AsyncStream<Void>.makeStream()
    var quiet = logger
    quiet.logLevel = max(logger.logLevel, .warning)
    let application = Application(
      router: ControlRoutes(backend: backend).router(),
      configuration: ApplicationConfiguration(address: .unixDomainSocket(path: path), serverName: nil),
      onServerRunning: { _ in
        ControlSocket.restrict(path)
        continuation.yield()
        continuation.finish()
      },
      logger: quiet)
    var configuration = ServiceGroupConfiguration(services: [application], logger: quiet)
    configuration.maximumGracefulShutdownDuration = .seconds(2)
    let group = ServiceGroup(configuration: configuration)
    let running = Task {
      defer { continuation.finish() }
      try await group.run()
    }
    for await _ in ready {
      return ControlServer(path: path, group: group, running: running)
    }
    // It ended before it ran: say why.
    try await running.value
    throw ControlSocketError("status.socket: \(path) could not be opened")
  }

  /// Ends open event streams, closes the socket and removes its file.
  package func shutdown() async {
    await group.triggerGracefulShutdown()
    _ = await running.result
    ControlSocket.remove(path)
  }
}
