// Any bytes as an answer of a name server: nothing traps, every name ends, and a resolver that gets them comes to an end.

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzDNS(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: data, count: size))
  if let response = try? DNSResponse(parsing: bytes) {
    for record in response.answers + response.authorities {
      require(record.name.wire.count < 255, "a name longer than the wire allows")
      require(
        DomainName(record.name.description) != nil || record.name.wire.contains { $0 < 0x21 || $0 == 0x2e || $0 == 0x7f },
        "a name that is none")
    }
  }
  _ = ResolverConfiguration(resolvConf: String(decoding: bytes, as: UTF8.self))
  _ = HostsFile(String(decoding: bytes, as: UTF8.self))
  resolve(bytes)
  return 0
}

/// The bytes answer every query, with the query's identifier and question, for each kind of look-up that a location needs.
private func resolve(_ bytes: [UInt8]) {
  guard bytes.count > 2 else { return }
  var locator = ServerLocator(configuration: ResolverConfiguration(servers: [DNSServer(host: "192.0.2.1")]), seed: 1)
  locator.locate(ServiceTarget(host: "example.com"), now: .zero)
  var now = Duration.zero
  var isOver = false
  for _ in 0..<200 where !isOver {
    while let output = locator.nextOutput() {
      switch output {
      case .resolver(.send(let query, _, _, let id)):
        // Header and question as asked, the rest as given.
        let answer = Array(query[..<2]) + [0x81, 0x80, 0, 1, 0, bytes[0] % 4, 0, bytes[1] % 2, 0, 0] + question(query) + bytes[2...]
        locator.received(answer, on: id, now: now)
        locator.received(bytes, on: id, now: now)
      case .located(_, let servers):
        isOver = true
        require(servers.allSatisfy { NumericAddress.isNumeric($0.host) }, "a server without an address")
      case .resolver: break
      }
    }
    guard let deadline = locator.nextDeadline else { break }
    now = deadline
    locator.advance(to: now)
  }
  require(isOver, "a search that does not end")
}

private func question(_ query: [UInt8]) -> ArraySlice<UInt8> {
  var end = 12
  while query[end] != 0 { end += 1 + Int(query[end]) }
  return query[12..<end + 5]
}
