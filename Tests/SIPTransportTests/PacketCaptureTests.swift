import SIP
import SIPTransport
import Testing

@Suite struct PacketCaptureTests {
  /// A packet of the file, taken apart.
  private struct Packet {
    var seconds: Int
    var microseconds: Int
    var ip: [UInt8]

    var isIPv6: Bool { ip[0] >> 4 == 6 }
    var transport: [UInt8] { Array(ip[(isIPv6 ? 40 : 20)...]) }
    var protocolNumber: UInt8 { isIPv6 ? ip[6] : ip[9] }
    var addresses: [UInt8] { Array(isIPv6 ? ip[8..<40] : ip[12..<20]) }
    var ports: [Int] { [number(transport, 0, 2), number(transport, 2, 2)] }
    var payload: [UInt8] { Array(transport[(protocolNumber == 17 ? 8 : 20)...]) }
    /// 0xffff where the checksum of UDP or TCP is right.
    var sum: Int {
      var all = addresses + [0, 0, UInt8(transport.count >> 8), UInt8(transport.count & 0xff), 0, 0, 0, protocolNumber] + transport
      if all.count % 2 == 1 { all.append(0) }
      return folded(all)
    }
    var headerSum: Int { folded(Array(ip[..<20])) }

    private func folded(_ bytes: [UInt8]) -> Int {
      var sum = stride(from: 0, to: bytes.count, by: 2).reduce(0) { $0 + number(bytes, $1, 2) }
      while sum > 0xffff { sum = (sum & 0xffff) + (sum >> 16) }
      return sum
    }
  }

  private func little(_ bytes: [UInt8], _ start: Int) -> Int { number(bytes[start..<start + 4].reversed(), 0, 4) }

  private func packets(_ file: [UInt8]) -> [Packet] {
    var packets: [Packet] = []
    var position = 24
    while position + 16 <= file.count {
      let length = little(file, position + 8)
      #expect(length == little(file, position + 12))
      packets.append(
        Packet(
          seconds: little(file, position), microseconds: little(file, position + 4),
          ip: Array(file[(position + 16)..<(position + 16 + length)])))
      position += 16 + length
    }
    #expect(position == file.count)
    return packets
  }

  private func flow(_ kind: SIPTransportKind, _ local: String, _ localPort: UInt16, _ remote: String, _ remotePort: UInt16) -> Flow {
    Flow(transport: kind, id: 4, local: SIPAddress(host: local, port: localPort), remote: SIPAddress(host: remote, port: remotePort))
  }

  @Test func anEmptyFileIsAHeader() {
    #expect(PacketCapture().bytes == [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 101, 0, 0, 0])
  }

  @Test func aDatagram() throws {
    var capture = PacketCapture()
    let message = Array("OPTIONS".utf8)
    let way = flow(.udp, "192.0.2.1", 5060, "198.51.100.7", 40_000)
    capture.add(message, isSent: false, flow: way, time: 1_700_000_000_123_456_789)
    capture.add(message, isSent: true, flow: way, time: 1_700_000_001_000_000_000)
    let found = packets(capture.bytes)
    #expect(found.count == 2)
    #expect(found[0].seconds == 1_700_000_000 && found[0].microseconds == 123_456)
    #expect(found[0].addresses == [198, 51, 100, 7, 192, 0, 2, 1] && found[0].ports == [40_000, 5060])
    #expect(found[1].addresses == [192, 0, 2, 1, 198, 51, 100, 7] && found[1].ports == [5060, 40_000])
    #expect(found[0].payload == message && found[0].protocolNumber == 17)
    #expect(found.allSatisfy { $0.sum == 0xffff && $0.headerSum == 0xffff })
    #expect(number(found[0].ip, 2, 2) == 35 && number(found[0].transport, 4, 2) == 15)
  }

  @Test func overIPv6() {
    var capture = PacketCapture()
    capture.add([1, 2, 3], isSent: true, flow: flow(.udp, "2001:db8::1", 5060, "fe80::2%eth0", 5070), time: 0)
    let found = packets(capture.bytes)
    #expect(found.count == 1 && found[0].isIPv6 && found[0].sum == 0xffff)
    #expect(found[0].addresses.prefix(4) == [0x20, 0x01, 0x0d, 0xb8] && found[0].addresses[16] == 0xfe && found[0].addresses[31] == 2)
    #expect(number(found[0].ip, 4, 2) == 11)
  }

  @Test func aConnectionsNumbersFitTogether() {
    var capture = PacketCapture()
    let way = flow(.tcp, "127.0.0.1", 5060, "127.0.0.1", 50_000)
    let large = [UInt8](repeating: 0x61, count: 40_000)
    capture.add(large, isSent: false, flow: way, time: 0)
    capture.add([1, 2], isSent: true, flow: way, time: 0)
    capture.add([3], isSent: false, flow: way, time: 0)
    let found = packets(capture.bytes)
    let sequence = found.map { number($0.transport, 4, 4) }
    let acknowledged = found.map { number($0.transport, 8, 4) }
    #expect(sequence == [1, 16_385, 32_769, 1, 40_001])
    #expect(acknowledged == [1, 1, 1, 40_001, 3])
    // PSH where a message ends.
    #expect(found.map { $0.transport[13] } == [0x10, 0x10, 0x18, 0x18, 0x18])
    #expect(found.prefix(3).flatMap(\.payload) == large)
    #expect(found.allSatisfy { $0.protocolNumber == 6 && $0.sum == 0xffff && $0.headerSum == 0xffff })
  }

  @Test func aTLSPortIsShownAsTheOneOfPlainSIP() {
    var capture = PacketCapture()
    capture.add([1], isSent: true, flow: flow(.tls, "127.0.0.1", 5061, "127.0.0.1", 50_000), time: 0, tlsPorts: [5061])
    capture.add([1], isSent: true, flow: flow(.tls, "127.0.0.1", 50_001, "127.0.0.1", 443), time: 0, tlsPorts: [5061])
    #expect(packets(capture.bytes).map(\.ports) == [[5060, 50_000], [50_001, 5060]])
  }

  @Test func whatHasNoAddressIsLeftOut() {
    var capture = PacketCapture()
    capture.add([1], isSent: true, flow: flow(.udp, "gateway", 5060, "127.0.0.1", 1), time: 0)
    #expect(capture.bytes.count == 24)
    capture.add([1], isSent: true, flow: flow(.udp, "0.0.0.0", 5060, "127.0.0.1", 1), time: 0)
    #expect(packets(capture.bytes).first?.addresses == [0, 0, 0, 0, 127, 0, 0, 1])
    capture.add([UInt8](repeating: 0, count: 70_000), isSent: true, flow: flow(.udp, "127.0.0.1", 1, "127.0.0.1", 1), time: 0)
    #expect(packets(capture.bytes).last?.ip.count == 65_535)
  }
}

private func number(_ bytes: [UInt8], _ start: Int, _ count: Int) -> Int { bytes[start..<start + count].reduce(0) { $0 << 8 | Int($1) } }
