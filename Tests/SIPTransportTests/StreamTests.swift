import NIOCore
import NIOPosix
import SIP
import SIPTransport
import Testing

@Suite(.timeLimit(.minutes(1))) struct StreamTests {
  /// Opens a plain TCP connection whose bytes received are given to the handler.
  private func connect(to address: SIPAddress, _ bytes: AsyncStream<String>.Continuation) async throws -> any Channel {
    try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(TextHandler(bytes)) }
      }
      .connect(host: address.host, port: Int(address.port)).get()
  }

  @Test func anIPv6ListenerAnswersBesideTheIPv4OneOfItsPort() async throws {
    let four = try await Station(.tcp, host: "0.0.0.0")
    let six = try await Station(SIPTransportConfiguration(listen: [.init(.tcp, host: "::", port: four.address.port)]))
    let phone = try await Station(SIPTransportConfiguration())
    try await phone.send(try request("a"), to: .address(.tcp, SIPAddress(host: "::1", port: six.address.port)))
    let (_, flow) = try await six.recorder.nextMessage()
    #expect(flow.remote.host == "::1" && flow.local == SIPAddress(host: "::1", port: six.address.port))
    for station in [four, six, phone] { await station.transport.shutdown() }
  }

  @Test func oneConnectionCarriesBothWays() async throws {
    let gateway = try await Station(.tcp)
    let phone = try await Station(SIPTransportConfiguration())
    let destination = Destination.address(.tcp, gateway.address)
    for id in ["a", "b"] {
      try await phone.send(try request(id), to: destination)
    }
    let opened = try await phone.recorder.nextOpened()
    #expect(opened.remote == gateway.address)
    let (first, flow) = try await gateway.recorder.nextMessage()
    let (second, sameFlow) = try await gateway.recorder.nextMessage()
    #expect(callID(first) == "a" && callID(second) == "b" && flow == sameFlow)
    #expect(flow.remote == opened.local)
    // Back on the flow, and to the peer's address, which is the same connection.
    try await gateway.send(try response(to: first), to: .flow(flow))
    try await gateway.send(try request("c"), to: .address(.tcp, flow.remote))
    #expect(callID(try await phone.recorder.nextMessage().0) == "a")
    #expect(callID(try await phone.recorder.nextMessage().0) == "c")
    try await gateway.transport.eventLoop.submit { [transport = gateway.transport] in
      #expect(transport.connectionCount == 1)
      transport.close(flow)
    }.get()
    #expect(try await phone.recorder.nextClosed() == opened)
    #expect(try await gateway.recorder.nextClosed() == flow)
    try await gateway.send(try request("d"), to: .flow(flow))
    #expect(try await gateway.recorder.nextFailure().code == .connectionClosed)
    await gateway.transport.shutdown()
    await phone.transport.shutdown()
  }

  @Test func messagesAreCutFromTheStreamAndKeepAlivesAnswered() async throws {
    let gateway = try await Station(.tcp)
    let (texts, continuation) = AsyncStream<String>.makeStream()
    let channel = try await connect(to: gateway.address, continuation)
    let bytes = try request("a", bodySize: 3000).serialize() + request("b").serialize() + Array("\r\n\r\n".utf8) + request("c").serialize()
    for start in stride(from: 0, to: bytes.count, by: 700) {
      try await channel.writeAndFlush(ByteBuffer(bytes: bytes[start..<min(start + 700, bytes.count)]))
    }
    for id in ["a", "b", "c"] {
      #expect(callID(try await gateway.recorder.nextMessage().0) == id)
    }
    for await text in texts {
      #expect(text == "\r\n")
      break
    }
    try await channel.close()
    _ = try await gateway.recorder.nextClosed()
    await gateway.transport.shutdown()
  }

  @Test func aStreamThatLostItsFramingIsReportedAndClosed() async throws {
    let gateway = try await Station(.tcp)
    let (texts, continuation) = AsyncStream<String>.makeStream()
    let channel = try await connect(to: gateway.address, continuation)
    try await channel.writeAndFlush(ByteBuffer(string: "INVITE sip:a SIP/2.0\r\nContent-Length: x\r\n\r\n"))
    let report = try await gateway.recorder.next()
    guard case .unparsable(let error, let flow) = report else { throw Unexpected(report: report) }
    #expect(error.code == .contentLength)
    #expect(try await gateway.recorder.nextClosed() == flow)
    for await _ in texts {}
    await gateway.transport.shutdown()
  }

  @Test func nobodyThereComesBackForEachMessageThatWaited() async throws {
    let gone = try await Station(.tcp)
    let address = gone.address
    await gone.transport.shutdown()
    let phone = try await Station(SIPTransportConfiguration())
    for id in ["a", "b"] { try await phone.send(try request(id), to: .address(.tcp, address)) }
    #expect(try await phone.recorder.nextFailure().code == .connect)
    #expect(try await phone.recorder.nextFailure().code == .connect)
    let transport = phone.transport
    #expect(try await transport.eventLoop.submit { transport.connectionCount }.get() == 0)
    await phone.transport.shutdown()
  }

  @Test func oneSourceGetsOnlyItsShareOfConnections() async throws {
    let gateway = try await Station(.tcp) { $0.limits.connectionsPerSource = 1 }
    let first = try await Station(SIPTransportConfiguration())
    try await first.send(try request("a"), to: .address(.tcp, gateway.address))
    let flow = try await first.recorder.nextOpened()
    _ = try await gateway.recorder.nextMessage()
    let second = try await Station(SIPTransportConfiguration())
    try await second.send(try request("b"), to: .address(.tcp, gateway.address))
    _ = try await second.recorder.nextOpened()
    _ = try await second.recorder.nextClosed()
    // The first one still serves.
    try await first.send(try request("c"), to: .flow(flow))
    #expect(callID(try await gateway.recorder.nextMessage().0) == "c")
    let transport = gateway.transport
    let refused = try await transport.eventLoop.submit { transport.statistics.connectionsRefused }.get()
    #expect(refused == 1)
    for station in [gateway, first, second] { await station.transport.shutdown() }
  }

  @Test func aConnectionThatSaysNothingIsClosed() async throws {
    let gateway = try await Station(.tcp) { $0.limits.firstMessage = .milliseconds(1) }
    let (texts, continuation) = AsyncStream<String>.makeStream()
    _ = try await connect(to: gateway.address, continuation)
    for await _ in texts {}
    _ = try await gateway.recorder.nextClosed()
    let transport = gateway.transport
    let timedOut = try await transport.eventLoop.submit { transport.statistics.connectionsTimedOut }.get()
    #expect(timedOut == 1)
    await gateway.transport.shutdown()
  }

  @Test func aPeerThatDoesNotReadIsCutOff() async throws {
    let gateway = try await Station(.tcp) { $0.limits.queuedBytes = 100_000 }
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelOption(.autoRead, value: false).connect(host: "127.0.0.1", port: Int(gateway.address.port)).get()
    try await channel.writeAndFlush(ByteBuffer(bytes: try request("a").serialize()))
    let (_, flow) = try await gateway.recorder.nextMessage()
    let message = try request("b", bodySize: 50_000)
    // More than the kernel's buffers on both sides take.
    for _ in 0..<1000 { try await gateway.send(message, to: .flow(flow)) }
    var codes: Set<SIPTransportError.Code> = []
    var isClosed = false
    while !isClosed || !codes.contains(.congested) {
      switch try await gateway.recorder.next() {
      case .closed: isClosed = true
      case .couldNotSend(_, let error): codes.insert(error.code)
      case let other: throw Unexpected(report: other)
      }
    }
    #expect(codes.isSubset(of: [.congested, .send, .connectionClosed]))
    try? await channel.close()
    await gateway.transport.shutdown()
  }

  @Test func shutdownClosesWhatIsOpen() async throws {
    let gateway = try await Station(.tcp)
    let phone = try await Station(SIPTransportConfiguration())
    try await phone.send(try request("a"), to: .address(.tcp, gateway.address))
    let flow = try await phone.recorder.nextOpened()
    _ = try await gateway.recorder.nextMessage()
    await gateway.transport.shutdown()
    #expect(try await phone.recorder.nextClosed() == flow)
    // The port is free again.
    let again = try await Station(SIPTransportConfiguration(listen: [.init(.tcp, host: "127.0.0.1", port: gateway.address.port)]))
    await again.transport.shutdown()
    await phone.transport.shutdown()
  }
}

/// Passes on what arrives as text; ends the stream with the connection.
private final class TextHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  private let continuation: AsyncStream<String>.Continuation

  init(_ continuation: AsyncStream<String>.Continuation) { self.continuation = continuation }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) { continuation.yield(String(buffer: unwrapInboundIn(data))) }
  func channelInactive(context: ChannelHandlerContext) { continuation.finish() }
}

extension StreamTests {
  @Test("A keep-alive is answered, the answer is told, and neither is the beginning of a message")
  func keepAlives() async throws {
    let gateway = try await Station(.tcp) { $0.limits.wholeMessage = .milliseconds(200) }
    let phone = try await Station(SIPTransportConfiguration())
    try await phone.send(try request("a"), to: .address(.tcp, gateway.address))
    let flow = try await phone.recorder.nextOpened()
    _ = try await gateway.recorder.nextMessage()
    for _ in 0..<2 {
      try await phone.transport.eventLoop.submit { phone.transport.keepAlive(flow) }.get()
      guard case .ponged(let answered) = try await phone.recorder.next() else { throw CancellationError() }
      #expect(answered == flow)
    }
    try await phone.send(try request("b"), to: .flow(flow))
    #expect(callID(try await gateway.recorder.nextMessage().0) == "b")
    for station in [gateway, phone] { await station.transport.shutdown() }
  }
}
