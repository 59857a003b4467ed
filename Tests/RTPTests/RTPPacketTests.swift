import RTP
import Testing

/// A generator whose runs repeat.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }
}

struct RTPPacketTests {
  private func parse(_ bytes: [UInt8]) -> Result<(RTPHeader, [UInt8]), RTPParseError> {
    bytes.withUnsafeBytes { raw in
      do throws(RTPParseError) {
        let view = try RTPPacketView(raw)
        return .success((view.header, Array(view.payload)))
      } catch {
        return .failure(error)
      }
    }
  }

  private func error(_ bytes: [UInt8]) -> RTPParseError? {
    if case .failure(let error) = parse(bytes) { error } else { nil }
  }

  private let header = RTPHeader(payloadType: 101, marker: true, sequence: 0xABCD, timestamp: 0x1234_5678, source: 0xDEAD_BEEF)

  @Test func whatIsWrittenIsRead() throws {
    var bytes = [UInt8](repeating: 7, count: 15)
    let written = bytes.withUnsafeMutableBytes { header.write(into: $0) }
    #expect(written)
    #expect(bytes == [0x80, 0xE5, 0xAB, 0xCD, 0x12, 0x34, 0x56, 0x78, 0xDE, 0xAD, 0xBE, 0xEF, 7, 7, 7])
    let (read, payload) = try parse(bytes).get()
    #expect(read == header)
    #expect(payload == [7, 7, 7])
    var short = [UInt8](repeating: 0, count: 11)
    let refused = short.withUnsafeMutableBytes { header.write(into: $0) }
    #expect(!refused)
  }

  @Test func contributingSourcesExtensionAndPaddingAreLeftOut() throws {
    var bytes: [UInt8] = [0x80 | 0x20 | 0x10 | 2, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3]
    bytes += [UInt8](repeating: 0xCC, count: 8)
    bytes += [0xBE, 0xDE, 0, 1, 1, 2, 3, 4]
    bytes += [42, 43, 0, 0, 3]
    let (read, payload) = try parse(bytes).get()
    #expect(read.sequence == 1 && read.timestamp == 2 && read.source == 3)
    #expect(payload == [42, 43])
  }

  @Test func saysWhatIsWrong() {
    let good: [UInt8] = [0x80, 0] + [UInt8](repeating: 0, count: 10)
    #expect(error([]) == .truncated(octets: 0, needed: 12))
    #expect(error(Array(good.dropLast())) == .truncated(octets: 11, needed: 12))
    #expect(error([0x40] + good.dropFirst()) == .version(1))
    #expect(error([0x83] + good.dropFirst()) == .truncated(octets: 12, needed: 24))
    #expect(error([0x90] + good.dropFirst()) == .truncated(octets: 12, needed: 16))
    #expect(error([0x90] + good.dropFirst() + [0, 0, 0xFF, 0xFF]) == .truncated(octets: 16, needed: 16 + 4 * 0xFFFF))
    #expect(error([0xA0] + good.dropFirst()) == .padding(0))
    #expect(error([0xA0] + good.dropFirst() + [5]) == .padding(5))
    #expect(error([0x80, 200] + good.dropFirst(2)) == .controlPacket)
    #expect(error([0x40] + good.dropFirst())?.description == "RTP version 1, expected 2")
  }

  @Test func anyBytesGiveAPacketOrAnError() {
    var generator = SeededGenerator(seed: 1)
    var packets = 0
    for _ in 0..<20_000 {
      var bytes = (0..<Int.random(in: 0...64, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
      if !bytes.isEmpty, Bool.random(using: &generator) { bytes[0] = bytes[0] & 0x3F | 0x80 }
      if case .success(let (_, payload)) = parse(bytes) {
        packets += 1
        #expect(payload.count <= bytes.count - 12)
      }
    }
    #expect(packets > 1_000)
  }

  @Test func datagramsAreToldApart() {
    func kind(_ bytes: [UInt8]) -> DatagramKind { bytes.withUnsafeBytes { DatagramKind($0) } }
    #expect(kind([0x80, 0]) == .rtp)
    #expect(kind([0x80, 0x80 | 8]) == .rtp)
    #expect(kind([0x80, 200]) == .rtcp)
    #expect(kind([0x81, 223]) == .rtcp)
    #expect(kind([0x80, 224]) == .rtp)
    #expect(kind([0, 1]) == .stun)
    #expect(kind([22, 254]) == .dtls)
    #expect(kind([70, 0]) == .unknown)
    #expect(kind([]) == .unknown)
    #expect(kind([0x80]) == .unknown)
  }
}
