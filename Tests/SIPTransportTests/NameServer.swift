import Foundation
import NIOCore
import NIOPosix

/// A name server on loopback, UDP and TCP on one port, that answers every address question with what the test says.
final class NameServer: Sendable {
  let port: Int
  private let channels: [any Channel]

  /// - Parameters:
  ///   - address: what every A question gets; nil: nothing is there.
  ///   - truncates: over UDP the answer says that there is more.
  init(address: [UInt8]?, truncates: Bool = false) async throws {
    let group = MultiThreadedEventLoopGroup.singleton
    let stream = try await ServerBootstrap(group: group)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(StreamAnswerer(address)) }
      }.bind(host: "127.0.0.1", port: 0).get()
    port = stream.localAddress?.port ?? 0
    let datagram = try await DatagramBootstrap(group: group)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(DatagramAnswerer(address, truncates)) }
      }.bind(host: "127.0.0.1", port: port).get()
    channels = [stream, datagram]
  }

  func stop() async {
    for channel in channels { try? await channel.close() }
  }

  fileprivate static func answer(_ query: [UInt8], _ address: [UInt8]?, isCut: Bool) -> [UInt8] {
    var end = 12
    while query[end] != 0 { end += 1 + Int(query[end]) }
    let isAddress = query[end + 2] == 1
    let record: [UInt8] = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4] + (address ?? [])
    let isThere = address != nil && isAddress && !isCut
    var answer = Array(query[..<2])
    answer += [isCut ? 0x83 : 0x81, address == nil ? 0x83 : 0x80]
    answer += [0, 1, 0, isThere ? 1 : 0, 0, 0, 0, 0]
    answer += query[12..<end + 5]
    if isThere { answer += record }
    return answer
  }

  private final class DatagramAnswerer: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundOut = AddressedEnvelope<ByteBuffer>
    private let address: [UInt8]?
    private let truncates: Bool

    init(_ address: [UInt8]?, _ truncates: Bool) {
      self.address = address
      self.truncates = truncates
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let query = unwrapInboundIn(data)
      let answer = NameServer.answer(Array(query.data.readableBytesView), address, isCut: truncates)
      let reply = AddressedEnvelope(remoteAddress: query.remoteAddress, data: ByteBuffer(bytes: answer))
      context.writeAndFlush(wrapOutboundOut(reply), promise: nil)
    }
  }

  private final class StreamAnswerer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private let address: [UInt8]?

    init(_ address: [UInt8]?) { self.address = address }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      var query = unwrapInboundIn(data)
      guard let bytes = query.readLengthPrefixedSlice(as: UInt16.self) else { return }
      var reply = ByteBuffer()
      let answer = NameServer.answer(Array(bytes.readableBytesView), address, isCut: false)
      reply.writeInteger(UInt16(answer.count))
      reply.writeBytes(answer)
      context.writeAndFlush(wrapOutboundOut(reply), promise: nil)
    }
  }
}
