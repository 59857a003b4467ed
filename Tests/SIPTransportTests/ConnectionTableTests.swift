import SIP
import SIPTransport
import Testing

private final class Connection {}

@Suite struct ConnectionTableTests {
  private func remote(_ host: String, _ port: UInt16 = 5060) -> ConnectionTable<Connection>.Remote {
    .init(transport: .tcp, address: SIPAddress(host: host, port: port))
  }

  private func taken(_ isTaken: Bool, _ place: SourceLocation = #_sourceLocation) throws { try #require(isTaken, sourceLocation: place) }
  private func refused(_ isTaken: Bool, _ place: SourceLocation = #_sourceLocation) throws { try #require(!isTaken, sourceLocation: place) }

  @Test func aSourceMayHaveItsShareAndNoMore() throws {
    var table = ConnectionTable<Connection>(limit: 10, limitPerSource: 2)
    try taken(table.insertAccepted(Connection(), id: 1, from: remote("a", 1)))
    try taken(table.insertAccepted(Connection(), id: 2, from: remote("a", 2)))
    try refused(table.insertAccepted(Connection(), id: 3, from: remote("a", 3)))
    try taken(table.insertAccepted(Connection(), id: 4, from: remote("b", 1)))
    // Those we open count on nobody's share.
    try taken(table.insertOpened(Connection(), id: 5, to: remote("a", 5060)))
    table.remove(id: 1)
    try taken(table.insertAccepted(Connection(), id: 6, from: remote("a", 3)))
    #expect(table.count == 4)
  }

  @Test func theTableHasAnEnd() throws {
    var table = ConnectionTable<Connection>(limit: 1, limitPerSource: 9)
    try taken(table.insertOpened(Connection(), id: 1, to: remote("a")))
    try refused(table.insertOpened(Connection(), id: 2, to: remote("b")))
    try refused(table.insertAccepted(Connection(), id: 3, from: remote("c")))
  }

  @Test func aConnectionIsFoundByEachNameUntilItIsRemoved() throws {
    var table = ConnectionTable<Connection>(limit: 9, limitPerSource: 9)
    let connection = Connection()
    try taken(table.insertOpened(connection, id: 1, to: remote("name")))
    table.add(remote("192.0.2.1"), to: 1)
    #expect(table.connection(to: remote("name")) === connection)
    #expect(table.connection(to: remote("192.0.2.1")) === connection)
    // A newer connection to the same place takes its name; the older one's end does not take it away.
    let newer = Connection()
    try taken(table.insertOpened(newer, id: 2, to: remote("name")))
    table.remove(id: 1)
    #expect(table.connection(to: remote("name")) === newer)
    #expect(table.connection(to: remote("192.0.2.1")) == nil)
    #expect(table.connection(id: 1) == nil && table.connection(id: 2) === newer)
  }
}
