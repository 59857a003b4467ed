import Logging
import NIOCore
import NIOPosix
import SIP
import SIPTransport
import Testing

@Suite(.timeLimit(.minutes(1))) struct DatagramTests {
  @Test(arguments: ["127.0.0.1", "::1"]) func aRequestComesInAndItsResponseGoesBackOnTheFlow(host: String) async throws {
    let gateway = try await Station(.udp, host: host)
    let phone = try await Station(.udp, host: host)
    #expect(gateway.address.port != 0 && gateway.address.host == host)
    try await phone.send(try request("a"), to: .address(.udp, gateway.address))
    let (message, flow) = try await gateway.recorder.nextMessage()
    #expect(callID(message) == "a")
    #expect(flow.transport == .udp && flow.remote == phone.address && flow.local == gateway.address)
    try await gateway.send(try response(to: message), to: .flow(flow))
    let (answer, back) = try await phone.recorder.nextMessage()
    #expect(callID(answer) == "a" && back.remote == gateway.address)
    await gateway.transport.shutdown()
    await phone.transport.shutdown()
  }

  @Test func aMessageOfSixtyKilobytesArrivesWhole() async throws {
    let gateway = try await Station(.udp)
    let phone = try await Station(.udp)
    let message = try request("big", bodySize: 60_000)
    try await phone.send(message, to: .address(.udp, gateway.address))
    #expect(try await gateway.recorder.nextMessage().0.body == message.body)
    await gateway.transport.shutdown()
    await phone.transport.shutdown()
  }

  @Test func aMessageTooLargeForADatagramComesBack() async throws {
    let phone = try await Station(.udp)
    try await phone.send(try request("huge", bodySize: 65_310), to: .address(.udp, phone.address))
    #expect(try await phone.recorder.nextFailure().code == .send)
    await phone.transport.shutdown()
  }

  @Test func aNameIsLookedUp() async throws {
    let gateway = try await Station(.udp)
    let phone = try await Station(.udp)
    for id in ["a", "b"] {
      try await phone.send(try request(id), to: .address(.udp, SIPAddress(host: "localhost", port: gateway.address.port)))
      #expect(callID(try await gateway.recorder.nextMessage().0) == id)
    }
    try await phone.send(try request("c"), to: .address(.udp, SIPAddress(host: "no-such-host.invalid", port: 5060)))
    #expect(try await phone.recorder.nextFailure().code == .unresolved)
    await gateway.transport.shutdown()
    await phone.transport.shutdown()
  }

  @Test func withoutAListenerOfTheFamilyTheMessageComesBack() async throws {
    let phone = try await Station(.udp)
    try await phone.send(try request("six"), to: .address(.udp, SIPAddress(host: "::1", port: 5060)))
    #expect(try await phone.recorder.nextFailure().code == .noWay)
    await phone.transport.shutdown()
  }

  @Test func whatIsNoMessageIsReportedAndTheNextOneIsRead() async throws {
    let gateway = try await Station(.udp)
    let channel = try await DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton).bind(host: "127.0.0.1", port: 0).get()
    let remote = try SocketAddress(ipAddress: "127.0.0.1", port: Int(gateway.address.port))
    for text in ["\r\n\r\n", "INVITE torn", ""] {
      try await channel.writeAndFlush(AddressedEnvelope(remoteAddress: remote, data: ByteBuffer(string: text)))
    }
    try await channel.writeAndFlush(AddressedEnvelope(remoteAddress: remote, data: ByteBuffer(bytes: try request("a").serialize())))
    let report = try await gateway.recorder.next()
    guard case .unparsable(_, let flow) = report else { throw Unexpected(report: report) }
    #expect(flow.remote.port == UInt16(channel.localAddress?.port ?? 0))
    #expect(callID(try await gateway.recorder.nextMessage().0) == "a")
    let transport = gateway.transport
    let statistics = try await transport.eventLoop.submit { transport.statistics }.get()
    #expect(statistics.messagesReceived == 1 && statistics.unparsableMessages == 1 && statistics.keepAlives == 2)
    try await channel.close()
    await gateway.transport.shutdown()
  }

  @Test(arguments: [SIPTransportKind.udp, .tcp]) func aTakenPortIsNamedWithTheKeyToChange(kind: SIPTransportKind) async throws {
    let gateway = try await Station(kind)
    let taken = SIPTransportConfiguration(listen: [
      .init(.udp, host: "127.0.0.1", port: 0), .init(kind, host: "127.0.0.1", port: gateway.address.port),
    ])
    let error = await #expect(throws: SIPTransportError.self) { _ = try await Station(taken) }
    #expect(error?.description == "sip.listen: \(kind.rawValue)://127.0.0.1:\(gateway.address.port) is taken; change sip.listen")
    await gateway.transport.shutdown()
  }

  @Test func anAddressOfAnotherMachineIsNamed() async throws {
    let foreign = SIPTransportConfiguration(listen: [.init(.udp, host: "192.0.2.1", port: 0)])
    let error = await #expect(throws: SIPTransportError.self) { _ = try await Station(foreign) }
    #expect(error?.description == "sip.listen: udp://192.0.2.1:0 is no address of this machine; change sip.listen")
  }

  @Test func onAWildcardListenerTheFlowShowsTheAddressThatWasCalled() async throws {
    let gateway = try await Station(.udp, host: "0.0.0.0")
    let phone = try await Station(.udp)
    try await phone.send(try request("a"), to: .address(.udp, SIPAddress(host: "127.0.0.1", port: gateway.address.port)))
    let (_, flow) = try await gateway.recorder.nextMessage()
    #expect(flow.local == SIPAddress(host: "127.0.0.1", port: gateway.address.port))
    await gateway.transport.shutdown()
    await phone.transport.shutdown()
  }
}
