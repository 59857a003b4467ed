import NIOCore
import NIOPosix

/// The socket of one query, its port chosen by the kernel, connected so that only the server asked is heard.
final class NameSocket {
  private let received: ([UInt8]) -> Void
  private let failed: () -> Void
  private var channel: (any Channel)?
  private var isClosed = false

  /// `failed` is called once at most, when nothing will come any more.
  init(received: @escaping ([UInt8]) -> Void, failed: @escaping () -> Void) {
    self.received = received
    self.failed = failed
  }

  func open(to server: SocketAddress, byTCP: Bool, sending bytes: [UInt8], on eventLoop: any EventLoop) {
    let holder = NIOLoopBound(self, eventLoop: eventLoop)
    let opening =
      byTCP
      ? ClientBootstrap(group: eventLoop).connectTimeout(.seconds(3)).channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(StreamReader(holder.value)) }
      }.connect(to: server)
      : DatagramBootstrap(group: eventLoop).channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(DatagramReader(holder.value)) }
      }.connect(to: server)
    opening.assumeIsolated().whenComplete { [self] result in
      guard case .success(let channel) = result else { return end() }
      guard !isClosed else { return channel.close(promise: nil) }
      self.channel = channel
      var message = channel.allocator.buffer(capacity: bytes.count + 2)
      if byTCP { message.writeInteger(UInt16(clamping: bytes.count)) }
      message.writeBytes(bytes)
      if byTCP {
        channel.writeAndFlush(message, promise: nil)
      } else {
        channel.writeAndFlush(AddressedEnvelope(remoteAddress: server, data: message), promise: nil)
      }
    }
  }

  func close() {
    isClosed = true
    channel?.close(promise: nil)
    channel = nil
  }

  private func end() {
    guard !isClosed else { return }
    close()
    failed()
  }

  private func take(_ bytes: [UInt8]) {
    if !isClosed { received(bytes) }
  }

  private final class DatagramReader: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    private let socket: NameSocket

    init(_ socket: NameSocket) { self.socket = socket }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { socket.take(Array(unwrapInboundIn(data).data.readableBytesView)) }
    // Nobody listens there.
    func errorCaught(context: ChannelHandlerContext, error: any Error) { socket.end() }
    func channelInactive(context: ChannelHandlerContext) { socket.end() }
  }

  private final class StreamReader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let socket: NameSocket
    /// What is no whole message yet; a message has its length in front (RFC 1035 §4.2.2).
    private var buffer = ByteBuffer()

    init(_ socket: NameSocket) { self.socket = socket }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      var bytes = unwrapInboundIn(data)
      buffer.writeBuffer(&bytes)
      while let message = buffer.readLengthPrefixedSlice(as: UInt16.self) { socket.take(Array(message.readableBytesView)) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { socket.end() }
    func channelInactive(context: ChannelHandlerContext) { socket.end() }
  }
}
