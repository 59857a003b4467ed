import Logging
import NIOCore
import SIP

/// One UDP socket: datagrams in, messages out; answers to a batch of datagrams leave together.
final class DatagramListener: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>
  typealias OutboundOut = AddressedEnvelope<ByteBuffer>

  let id: UInt64
  private let transport: SIPTransport
  private var context: ChannelHandlerContext?
  /// Known once the socket is bound.
  private(set) var local = SIPAddress(host: "", port: 0)
  private var isReading = false
  private var hasUnflushed = false

  init(id: UInt64, transport: SIPTransport) {
    self.id = id
    self.transport = transport
  }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }
  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func channelActive(context: ChannelHandlerContext) {
    if let address = context.localAddress { local = SIPAddress(address) }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    isReading = true
    let envelope = unwrapInboundIn(data)
    guard !transport.tookAside(envelope.data, from: envelope.remoteAddress) else { return }
    guard transport.hears(envelope.data, from: envelope.remoteAddress) else { return }
    var localAddress = local
    if local.isWildcard, let destination = envelope.metadata?.packetInfo?.destinationAddress {
      localAddress.host = transport.addresses.text(of: destination).host
    }
    let remote = transport.addresses.text(of: envelope.remoteAddress)
    transport.received(Array(envelope.data.readableBytesView), on: Flow(transport: .udp, id: id, local: localAddress, remote: remote))
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    isReading = false
    if hasUnflushed {
      hasUnflushed = false
      context.flush()
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // ICMP errors and the like: of one datagram, not of the socket.
    transport.logger.debug("UDP socket error", metadata: ["listener": "\(local)", "error": "\(error)"])
  }

  /// The promise is fulfilled when the kernel has taken the datagram.
  func write(_ bytes: [UInt8], to remote: SocketAddress, promise: EventLoopPromise<Void>?) {
    guard let context else {
      promise?.fail(ChannelError.ioOnClosedChannel)
      return
    }
    var buffer = context.channel.allocator.buffer(capacity: bytes.count)
    buffer.writeBytes(bytes)
    context.write(wrapOutboundOut(AddressedEnvelope(remoteAddress: remote, data: buffer)), promise: promise)
    if isReading || transport.isGathering { hasUnflushed = true } else { context.flush() }
  }

  /// Lets go what was gathered.
  func flush() {
    guard hasUnflushed, !isReading else { return }
    hasUnflushed = false
    context?.flush()
  }

  func close() { context?.close(promise: nil) }
}
