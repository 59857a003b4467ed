import DNS
import NIOCore
import SIP
import SIPTransport
import Testing

@Suite(.timeLimit(.minutes(1))) struct NameTests {
  private func station(asking server: NameServer, _ kind: SIPTransportKind = .udp) async throws -> Station {
    try await Station(kind) { $0.nameServers = [DNSServer(host: "127.0.0.1", port: UInt16(server.port))] }
  }

  private func located(_ station: Station, _ text: String) async throws -> [LocatedServer] {
    let uri = try SIPURI(parsing: text)
    let loop = station.transport.eventLoop
    let promise = loop.makePromise(of: [LocatedServer].self)
    loop.execute { [transport = station.transport] in transport.locate(uri) { promise.succeed($0) } }
    return try await promise.futureResult.get()
  }

  @Test("A name's server is found, by TCP where UDP has not room for it", arguments: [false, true])
  func locating(truncates: Bool) async throws {
    let names = try await NameServer(address: [127, 0, 0, 9], truncates: truncates)
    let station = try await station(asking: names)
    let expected = LocatedServer(transport: .udp, address: SIPAddress(host: "127.0.0.9", port: 5060), domain: "pbx.test")
    #expect(try await located(station, "sip:bob@pbx.test") == [expected])
    #expect(try await located(station, "sip:bob@127.0.0.3:5070").map(\.address.description) == ["127.0.0.3:5070"])
    #expect(try await located(station, "sip:bob@localhost:5070").first?.address.host == "127.0.0.1")
    await station.transport.shutdown()
    await names.stop()
  }

  @Test("Messages to a name wait for its address; to one that does not exist they come back")
  func sending() async throws {
    let names = try await NameServer(address: [127, 0, 0, 1])
    let nobody = try await NameServer(address: nil)
    let gateway = try await Station(.udp)
    let listener = try await Station(.tcp)
    let caller = try await station(asking: names)
    for id in ["a", "b"] {
      try await caller.send(try request(id), to: .address(.udp, SIPAddress(host: "pbx.test", port: gateway.address.port)))
    }
    for id in ["a", "b"] { #expect(callID(try await gateway.recorder.nextMessage().0) == id) }
    try await caller.send(try request("c"), to: .address(.tcp, SIPAddress(host: "pbx.test", port: listener.address.port)))
    #expect(callID(try await listener.recorder.nextMessage().0) == "c")
    _ = try await caller.recorder.nextOpened()

    let lost = try await station(asking: nobody)
    for kind in [SIPTransportKind.udp, .tcp] {
      try await lost.send(try request("d"), to: .address(kind, SIPAddress(host: "nobody.test", port: 5060)))
      #expect(try await lost.recorder.nextFailure().code == .unresolved)
    }
    for station in [gateway, listener, caller, lost] { await station.transport.shutdown() }
    for server in [names, nobody] { await server.stop() }
  }

  @Test("Nobody there who knows names: it is said soon, and nothing blocks")
  func noServer() async throws {
    let names = try await NameServer(address: nil)
    await names.stop()
    let station = try await station(asking: names)
    #expect(try await located(station, "sip:bob@pbx.test") == [])
    await station.transport.shutdown()
  }
}
