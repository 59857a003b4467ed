import Glibc
package import SIP

/// Writes SIP messages as a libpcap file of raw IP packets (LINKTYPE_RAW), as Wireshark and tshark read it.
///
/// Addresses and ports are those of the flows; UDP messages are one datagram each, TCP messages are segments whose sequence numbers fit
/// together. What went over TLS is shown as plain TCP with the TLS side's port as 5060, since there is nothing left to decrypt.
package struct PacketCapture: Sendable {
  /// Bytes of one TCP segment at most; an IP packet has at most 65,535.
  private static let segmentSize = 16_384
  /// What a datagram can carry under IPv4.
  private static let largestDatagram = 65_535 - 20 - 8

  /// The file so far.
  package private(set) var bytes: [UInt8] = []
  private var nextByte: [Connection: UInt32] = [:]
  private var identification: UInt16 = 0

  /// One direction of a connection.
  private struct Connection: Hashable, Sendable {
    var id: UInt64
    var isSent: Bool
  }

  private struct Endpoint {
    var address: [UInt8]
    var port: UInt16
  }

  package init() {
    bytes.append(littleEndian: 0xa1b2_c3d4)
    for half: UInt16 in [2, 4] { bytes += [UInt8(truncatingIfNeeded: half), UInt8(truncatingIfNeeded: half >> 8)] }
    for word: UInt32 in [0, 0, 262_144, 101] { bytes.append(littleEndian: word) }
  }

  /// - Parameters:
  ///   - time: nanoseconds since 1970.
  ///   - tlsPorts: ports of our TLS listeners; the port of one is shown as 5060, else the peer's is.
  package mutating func add(_ message: [UInt8], isSent: Bool, flow: Flow, time: Int64, tlsPorts: Set<UInt16> = []) {
    var (local, remote) = (flow.local, flow.remote)
    if flow.transport == .tls {
      if tlsPorts.contains(local.port) { local.port = 5060 } else { remote.port = 5060 }
    }
    let isIPv6 = remote.host.contains(":")
    guard let ours = Self.endpoint(local, isIPv6: isIPv6), let theirs = Self.endpoint(remote, isIPv6: isIPv6) else { return }
    let (source, destination) = isSent ? (ours, theirs) : (theirs, ours)
    guard flow.transport.isReliable else {
      return addDatagram(message, from: source, to: destination, time: time)
    }
    var rest = message[...]
    while !rest.isEmpty {
      let segment = rest.prefix(Self.segmentSize)
      rest = rest.dropFirst(Self.segmentSize)
      addSegment(segment, from: source, to: destination, Connection(id: flow.id, isSent: isSent), isLast: rest.isEmpty, time: time)
    }
  }

  // MARK: UDP and TCP

  private mutating func addDatagram(_ message: [UInt8], from source: Endpoint, to destination: Endpoint, time: Int64) {
    let payload = message.prefix(Self.largestDatagram)
    var datagram: [UInt8] = []
    datagram.reserveCapacity(8 + payload.count)
    datagram.append(bigEndian: source.port)
    datagram.append(bigEndian: destination.port)
    datagram.append(bigEndian: UInt16(truncatingIfNeeded: 8 + payload.count))
    datagram.append(bigEndian: UInt16(0))
    datagram += payload
    let sum = Self.checksum(Self.pseudoHeader(source, destination, protocol: 17, count: datagram.count), datagram)
    // RFC 768: a sum of zero is sent as all ones.
    datagram.put(sum == 0 ? 0xffff : sum, at: 6)
    addPacket(datagram, protocol: 17, from: source, to: destination, time: time)
  }

  private mutating func addSegment(
    _ payload: ArraySlice<UInt8>, from source: Endpoint, to destination: Endpoint, _ connection: Connection, isLast: Bool, time: Int64
  ) {
    let sequence = nextByte[connection] ?? 1
    let acknowledged = nextByte[Connection(id: connection.id, isSent: !connection.isSent)] ?? 1
    nextByte[connection] = sequence &+ UInt32(truncatingIfNeeded: payload.count)
    var segment: [UInt8] = []
    segment.reserveCapacity(20 + payload.count)
    segment.append(bigEndian: source.port)
    segment.append(bigEndian: destination.port)
    segment.append(bigEndian: sequence)
    segment.append(bigEndian: acknowledged)
    // Header of five words; ACK, and PSH at the end of a message.
    segment += [0x50, isLast ? 0x18 : 0x10, 0xff, 0xff, 0, 0, 0, 0]
    segment += payload
    segment.put(Self.checksum(Self.pseudoHeader(source, destination, protocol: 6, count: segment.count), segment), at: 16)
    addPacket(segment, protocol: 6, from: source, to: destination, time: time)
  }

  // MARK: IP

  private mutating func addPacket(
    _ payload: [UInt8], protocol number: UInt8, from source: Endpoint, to destination: Endpoint, time: Int64
  ) {
    var packet: [UInt8] = []
    packet.reserveCapacity(40 + payload.count)
    if source.address.count == 4 {
      identification &+= 1
      packet += [0x45, 0]
      packet.append(bigEndian: UInt16(truncatingIfNeeded: 20 + payload.count))
      packet.append(bigEndian: identification)
      // Do not fragment; 64 hops.
      packet += [0x40, 0, 64, number, 0, 0]
      packet += source.address + destination.address
      packet.put(Self.checksum([], packet), at: 10)
    } else {
      packet += [0x60, 0, 0, 0]
      packet.append(bigEndian: UInt16(truncatingIfNeeded: payload.count))
      packet += [number, 64]
      packet += source.address + destination.address
    }
    packet += payload
    let (seconds, rest) = max(time, 0).quotientAndRemainder(dividingBy: 1_000_000_000)
    bytes.append(littleEndian: UInt32(truncatingIfNeeded: seconds))
    bytes.append(littleEndian: UInt32(truncatingIfNeeded: rest / 1000))
    bytes.append(littleEndian: UInt32(truncatingIfNeeded: packet.count))
    bytes.append(littleEndian: UInt32(truncatingIfNeeded: packet.count))
    bytes += packet
  }

  private static func pseudoHeader(_ source: Endpoint, _ destination: Endpoint, protocol number: UInt8, count: Int) -> [UInt8] {
    var header = source.address + destination.address
    header.append(bigEndian: UInt32(truncatingIfNeeded: count))
    return header + [0, 0, 0, number]
  }

  /// RFC 1071 over two pieces, the first of even length.
  private static func checksum(_ first: [UInt8], _ second: [UInt8]) -> UInt16 {
    var sum: UInt64 = 0
    for piece in [first, second] {
      for index in stride(from: 0, to: piece.count, by: 2) {
        sum &+= UInt64(piece[index]) << 8
        if index + 1 < piece.count { sum &+= UInt64(piece[index + 1]) }
      }
    }
    while sum > 0xffff { sum = (sum & 0xffff) + (sum >> 16) }
    return ~UInt16(truncatingIfNeeded: sum)
  }

  /// Four or sixteen bytes of address; nil where the host is no address of the family.
  private static func endpoint(_ address: SIPAddress, isIPv6: Bool) -> Endpoint? {
    let host = String(address.host.prefix { $0 != "%" })
    var raw = [UInt8](repeating: 0, count: isIPv6 ? 16 : 4)
    // A wildcard of the other family stands for an address that is not known.
    guard inet_pton(isIPv6 ? AF_INET6 : AF_INET, host, &raw) == 1 else {
      return ["0.0.0.0", "::", ""].contains(host) ? Endpoint(address: raw, port: address.port) : nil
    }
    return Endpoint(address: raw, port: address.port)
  }
}

extension [UInt8] {
  fileprivate mutating func append(littleEndian word: UInt32) {
    for shift: UInt32 in [0, 8, 16, 24] { append(UInt8(truncatingIfNeeded: word >> shift)) }
  }

  fileprivate mutating func append(bigEndian number: UInt16) {
    self += [UInt8(truncatingIfNeeded: number >> 8), UInt8(truncatingIfNeeded: number)]
  }

  fileprivate mutating func append(bigEndian number: UInt32) {
    append(bigEndian: UInt16(truncatingIfNeeded: number >> 16))
    append(bigEndian: UInt16(truncatingIfNeeded: number))
  }

  fileprivate mutating func put(_ number: UInt16, at index: Int) {
    self[index] = UInt8(truncatingIfNeeded: number >> 8)
    self[index + 1] = UInt8(truncatingIfNeeded: number)
  }
}
