import NIOCore
import NIOPosix
import Protection
import SIP
import SIPTransport
import Testing

/// Who is let in, over real sockets.
@Suite(.timeLimit(.minutes(1))) struct DoorTests {
  private func station(
    _ kind: SIPTransportKind, trusted: [IPNetwork] = [], rules: (inout ProtectionConfiguration) -> Void = { _ in },
    limits: (inout SIPTransportConfiguration) -> Void = { _ in }
  ) async throws -> Station {
    let station = try await Station(kind, change: limits)
    var configuration = ProtectionConfiguration()
    rules(&configuration)
    let door = Door(Protection(configuration, seed: 1), trusted: trusted)
    try await station.transport.eventLoop.submit { [transport = station.transport] in transport.door = door }.get()
    return station
  }

  private func statistics(_ station: Station) async throws -> ProtectionStatistics {
    try await station.transport.eventLoop.submit { [transport = station.transport] in
      transport.door?.protection.statistics ?? ProtectionStatistics()
    }.get()
  }

  /// Waits until what was sent has been judged.
  private func judged(_ station: Station, _ count: Int) async throws -> ProtectionStatistics {
    while true {
      let statistics = try await statistics(station)
      if statistics.admitted + statistics.dropped >= count { return statistics }
      await Task.yield()
    }
  }

  @Test func datagramsBeyondTheFirstAnswersAreDroppedUnparsed() async throws {
    let gateway = try await station(.udp) { $0.unauthenticatedAnswers = Allowance(burst: 3, perSecond: 0.001) }
    let phone = try await Station(.udp)
    for number in 0..<10 { try await phone.send(try request("\(number)"), to: .address(.udp, gateway.address)) }
    let statistics = try await judged(gateway, 10)
    #expect(statistics.admitted == 3 && statistics.droppedSilenced == 7)
    for number in 0..<3 { #expect(callID(try await gateway.recorder.nextMessage().0) == "\(number)") }
    // Proven: heard again.
    try await gateway.transport.eventLoop.submit { [transport = gateway.transport] in transport.prove("127.0.0.1") }.get()
    try await phone.send(try request("proven"), to: .address(.udp, gateway.address))
    #expect(callID(try await gateway.recorder.nextMessage().0) == "proven")
    for station in [gateway, phone] { await station.transport.shutdown() }
  }

  @Test func trustedNetworksAreNotLookedAt() async throws {
    let gateway = try await station(.udp, trusted: [try #require(IPNetwork("127.0.0.0/8"))]) {
      $0.unauthenticatedAnswers = Allowance(burst: 1, perSecond: 0.001)
    }
    let phone = try await Station(.udp)
    for number in 0..<10 { try await phone.send(try request("\(number)"), to: .address(.udp, gateway.address)) }
    for number in 0..<10 { #expect(callID(try await gateway.recorder.nextMessage().0) == "\(number)") }
    for station in [gateway, phone] { await station.transport.shutdown() }
  }

  @Test func aBanClosesConnectionsAndLetsNoneIn() async throws {
    let gateway = try await station(.tcp)
    let phone = try await Station(SIPTransportConfiguration())
    try await phone.send(try request("a"), to: .address(.tcp, gateway.address))
    let opened = try await phone.recorder.nextOpened()
    let (_, flow) = try await gateway.recorder.nextMessage()
    try await gateway.transport.eventLoop.submit { [transport = gateway.transport] in
      for _ in 0..<20 { _ = transport.failed(flow.remote.host, account: nil, isProven: true) }
    }.get()
    #expect(try await phone.recorder.nextClosed() == opened)
    #expect(try await gateway.recorder.nextClosed() == flow)
    // The next connection is closed before anything of it is read.
    try await phone.send(try request("b"), to: .address(.tcp, gateway.address))
    let again = try await phone.recorder.nextOpened()
    #expect(try await phone.recorder.nextClosed() == again)
    #expect(try await statistics(gateway).bans == 1)
    for station in [gateway, phone] { await station.transport.shutdown() }
  }

  @Test func aConnectionThatFloodsIsClosed() async throws {
    let gateway = try await station(.tcp) { $0.unauthenticatedAnswers = Allowance(burst: 2, perSecond: 0.001) }
    let phone = try await Station(SIPTransportConfiguration())
    for number in 0..<5 { try await phone.send(try request("\(number)"), to: .address(.tcp, gateway.address)) }
    let opened = try await phone.recorder.nextOpened()
    #expect(callID(try await gateway.recorder.nextMessage().0) == "0")
    #expect(callID(try await gateway.recorder.nextMessage().0) == "1")
    _ = try await gateway.recorder.nextClosed()
    while case .closed(let flow)? = try? await phone.recorder.next(), flow != opened {}
    for station in [gateway, phone] { await station.transport.shutdown() }
  }

  @Test func silentConnectionsMakeRoomForNewOnes() async throws {
    let gateway = try await station(.tcp, limits: { $0.limits.silentConnections = 4 })
    let target = gateway.address
    var silent: [any Channel] = []
    for _ in 0..<8 {
      silent.append(
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(host: target.host, port: Int(target.port)).get())
    }
    // The first four are closed for the last four.
    for channel in silent.prefix(4) { try await channel.closeFuture.get() }
    let phone = try await Station(SIPTransportConfiguration())
    try await phone.send(try request("a"), to: .address(.tcp, target))
    for _ in 0..<5 { _ = try await gateway.recorder.nextClosed() }
    #expect(callID(try await gateway.recorder.nextMessage().0) == "a")
    for station in [gateway, phone] { await station.transport.shutdown() }
    for channel in silent { try? await channel.close() }
  }
}
