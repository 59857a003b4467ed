import Glibc
import NIOCore
import NIOPosix

/// Calls back on the event loop whenever a pipe has something to read; what was written does not matter.
final class DescriptorWatch: Sendable {
  private let channel: any Channel

  /// Watches a duplicate, so that the pipe stays its owner's.
  static func start(
    _ descriptor: Int32, on eventLoop: any EventLoop, woken: @escaping @Sendable () -> Void
  ) async throws -> DescriptorWatch {
    let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0 else { throw GatewayError(.system, "cannot duplicate a descriptor: \(String(cString: strerror(errno)))") }
    let channel = try await NIOPipeBootstrap(group: eventLoop)
      .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 256))
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Handler(woken: woken)) }
      }
      .takingOwnershipOfDescriptor(input: copy)
      .get()
    return DescriptorWatch(channel)
  }

  private init(_ channel: any Channel) { self.channel = channel }

  func stop() async { try? await channel.close() }

  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let woken: @Sendable () -> Void

    init(woken: @escaping @Sendable () -> Void) { self.woken = woken }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}
    func channelReadComplete(context: ChannelHandlerContext) { woken() }
    func errorCaught(context: ChannelHandlerContext, error: any Error) {}
  }
}
