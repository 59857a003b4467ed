import RTP
import RealTime
import Testing

struct RTCPTests {
  private let block = ReportBlock(
    source: 0x0102_0304, fractionLost: 12, cumulativeLost: -3, extendedHighestSequence: 0x0001_ABCD, jitter: 77,
    lastSenderReport: 0x1122_3344,
    delaySinceLastSenderReport: 65_536)
  private let information = SenderInformation(
    time: NTPTime(value: 0x0123_4567_89AB_CDEF), timestamp: 0x1000, packets: 50, octets: 8_000)

  private func write(capacity: Int = 256, _ body: (inout RTCPWriter) -> Void) -> [UInt8] {
    var bytes = [UInt8](repeating: 0xEE, count: capacity)
    let count = bytes.withUnsafeMutableBytes { raw in
      var writer = RTCPWriter(raw)
      body(&writer)
      return writer.count
    }
    return Array(bytes.prefix(count))
  }

  /// What a reader finds, as text that can be compared.
  private func read(_ bytes: [UInt8]) -> (found: [String], error: RTCPParseError?) {
    bytes.withUnsafeBytes { raw in
      var found: [String] = []
      var reader = RTCPReader(raw)
      do throws(RTCPParseError) {
        while let packet = try reader.next() { found.append(describe(packet)) }
        return (found, nil)
      } catch {
        #expect((try? reader.next()) == nil, "after an error the reader is at its end")
        return (found, error)
      }
    }
  }

  private func describe(_ packet: RTCPPacket) -> String {
    switch packet {
    case .senderReport(let source, let information, let blocks):
      "SR \(source) \(information == self.information) \(blocks.count) \(blocks.block(about: block.source) == block)"
    case .receiverReport(let source, let blocks): "RR \(source) \(blocks.count) \(blocks.block(at: 0) == block)"
    case .sourceDescription(let source, let name): "SDES \(source) \(String(decoding: name, as: UTF8.self))"
    case .bye(let source): "BYE \(source.map(String.init) ?? "nobody")"
    case .extendedReport(let source, let blocks): "XR \(source) \(blocks.voiceMetrics(about: block.source) != nil)"
    case .other(let type, let body): "\(type) \(body.count)"
    }
  }

  @Test(arguments: ["", "a", "ab", "abc", "abcd", "gateway@kakehashi"]) func compoundsSurvive(name: String) {
    let bytes = write { writer in
      #expect(writer.senderReport(source: 5, information, block: block) == true)
      let written = Array(name.utf8).withUnsafeBytes { writer.sourceDescription(source: 5, canonicalName: $0) }
      #expect(written)
      #expect(writer.bye(source: 5) == true)
    }
    #expect(bytes.count % 4 == 0)
    #expect(read(bytes).found == ["SR 5 true 1 true", "SDES 5 \(name)", "BYE 5"])
  }

  @Test func receiverReportsWithAndWithoutABlock() {
    let bytes = write { writer in
      #expect(writer.receiverReport(source: 9, block: nil) == true)
      #expect(writer.receiverReport(source: 9, block: block) == true)
    }
    #expect(bytes.count == 8 + 32)
    #expect(read(bytes).found == ["RR 9 0 false", "RR 9 1 true"])
  }

  @Test func whatDoesNotFitIsLeftOutWhole() {
    let bytes = write(capacity: 60) { writer in
      #expect(writer.senderReport(source: 5, information, block: block) == true)
      #expect(writer.receiverReport(source: 5, block: block) == false)
      #expect(writer.bye(source: 5) == true)
      #expect(writer.bye(source: 5) == false)
    }
    #expect(bytes.count == 60)
    #expect(read(bytes).found == ["SR 5 true 1 true", "BYE 5"])
  }

  @Test func saysWhatIsWrong() {
    #expect(read([0x80, 201, 0]).error == .truncated(octets: 3, needed: 4))
    #expect(read([0x80, 201, 0, 1]).error == .truncated(octets: 4, needed: 8))
    #expect(read([0x81, 201, 0, 1, 0, 0, 0, 1]).error == .truncated(octets: 8, needed: 32))
    #expect(read([0x40, 201, 0, 0]).error == .version(1))
    #expect(read([0x80, 100, 0, 0]).error == .packetType(100))
    #expect(read([0xA0, 203, 0, 1, 0, 0, 0, 9]).error == .padding(9))
    let padded: [UInt8] = [0x80, 201, 0, 1, 0, 0, 0, 1, 0xA0, 203, 0, 1, 0, 0, 0, 4]
    #expect(read(padded).found == ["RR 1 0 false", "BYE nobody"])
    #expect(read(padded).error == nil)
    let early: [UInt8] = [0xA0, 203, 0, 1, 0, 0, 0, 4, 0x80, 201, 0, 1, 0, 0, 0, 1]
    #expect(read(early).error == .padding(4))
  }

  @Test func anyBytesGivePacketsOrAnError() {
    var generator = SeededGenerator(seed: 11)
    var parsed = 0
    for _ in 0..<20_000 {
      var bytes = (0..<Int.random(in: 0...96, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
      if bytes.count >= 4 {
        bytes[0] = bytes[0] & 0x3F | 0x80
        bytes[1] = UInt8.random(in: 198...210, using: &generator)
        bytes[2] = 0
        bytes[3] = UInt8.random(in: 0...24, using: &generator)
      }
      parsed += read(bytes).found.count
    }
    #expect(parsed > 1_000)
  }

  @Test func timeGoesToTheNTPEpoch() {
    #expect(NTPTime(wallClockNanoseconds: 0).value == 2_208_988_800 << 32)
    #expect(NTPTime(wallClockNanoseconds: 500_000_000).value & 0xFFFF_FFFF == 1 << 31)
    #expect(NTPTime(wallClockNanoseconds: 500_000_000).middle == 0x7E80_8000)
  }

  @Test func roundTripIsWhatNeitherSideHeld() {
    let sent = NTPTime(wallClockNanoseconds: 1_000_000_000_000)
    let report = ReportBlock(source: 1, lastSenderReport: sent.middle, delaySinceLastSenderReport: 65_536 * 2)
    let now = NTPTime(wallClockNanoseconds: 1_002_030_000_000)
    #expect(report.roundTrip(now: now).map { ($0.nanoseconds + 500_000) / 1_000_000 } == 30)
    #expect(report.roundTrip(now: sent) == nil)
    #expect(ReportBlock(source: 1).roundTrip(now: now) == nil)
  }
}
