import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix

/// One request and its answer over a Unix socket.
struct HTTPExchange: Sendable {
  let status: Int
  /// Bytes of the body as they come.
  let parts: AsyncThrowingStream<[UInt8], any Error>
  private let channel: any Channel

  /// Sends the request and returns when the answer's head is there.
  static func begin(socket: String, method: HTTPMethod, path: String, body: Data?) async throws -> HTTPExchange {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let head = loop.makePromise(of: Int.self)
    let (parts, continuation) = AsyncThrowingStream<[UInt8], any Error>.makeStream()
    let channel: any Channel
    do {
      channel = try await ClientBootstrap(group: loop)
        .connectTimeout(.seconds(2))
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHTTPClientHandlers()
            try channel.pipeline.syncOperations.addHandler(HTTPAnswerHandler(head: head, parts: continuation))
          }
        }
        .connect(unixDomainSocketPath: socket).get()
    } catch {
      head.fail(error)
      throw ControlClientError.unreachable(socket: socket, reason: reason(error))
    }
    var request = HTTPRequestHead(version: .http1_1, method: method, uri: path)
    request.headers.add(name: "Host", value: "gateway")
    request.headers.add(name: "Connection", value: "close")
    if let body {
      request.headers.add(name: "Content-Type", value: "application/json")
      request.headers.add(name: "Content-Length", value: "\(body.count)")
    }
    channel.write(HTTPClientRequestPart.head(request), promise: nil)
    if let body { channel.write(HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(bytes: body))), promise: nil) }
    channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
    do {
      return HTTPExchange(status: try await head.futureResult.get(), parts: parts, channel: channel)
    } catch {
      channel.close(promise: nil)
      throw ControlClientError.unreachable(socket: socket, reason: reason(error))
    }
  }

  func close() { channel.close(promise: nil) }

  private static func reason(_ error: any Error) -> String {
    guard let code = (error as? IOError)?.errnoCode else { return "\(error)" }
    switch code {
    case ENOENT: return "there is no such socket; is it running?"
    case ECONNREFUSED: return "nobody listens; is it running?"
    case EACCES: return "permission denied"
    default: return String(cString: strerror(code))
    }
  }
}

private final class HTTPAnswerHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart

  private let head: EventLoopPromise<Int>
  private let parts: AsyncThrowingStream<[UInt8], any Error>.Continuation
  private var hasHead = false

  init(head: EventLoopPromise<Int>, parts: AsyncThrowingStream<[UInt8], any Error>.Continuation) {
    self.head = head
    self.parts = parts
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let answer):
      hasHead = true
      head.succeed(Int(answer.status.code))
    case .body(let bytes):
      parts.yield(Array(bytes.readableBytesView))
    case .end:
      parts.finish()
      context.close(promise: nil)
    }
  }

  func channelInactive(context: ChannelHandlerContext) { end(ChannelError.eof) }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    end(error)
    context.close(promise: nil)
  }

  private func end(_ error: any Error) {
    if !hasHead {
      hasHead = true
      head.fail(error)
    }
    // After the end of the body this has no effect.
    parts.finish(throwing: ControlClientError.badAnswer("the gateway closed the connection"))
  }
}
