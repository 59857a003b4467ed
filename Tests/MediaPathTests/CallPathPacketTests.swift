import MediaPath
import RTP
import RealTime
import TelephonyHAL
import Testing

@Suite("Packets of a call's path")
struct CallPathPacketTests {
  private let elsewhere = MediaAddress.ipv4(198, 51, 100, 7, port: 60_000)

  @Test func packetsGoWhereThePeersComeFrom() throws {
    let call = try VirtualCall()
    call.peerSays = { _ in AudioFrame() }
    call.peerAddress = elsewhere
    call.run(milliseconds: 900)
    #expect(call.heard.allSatisfy { $0.to == VirtualCall.peer })
    #expect(call.statistics.packetsFromStrangers >= 40)
    call.run(milliseconds: 400)
    #expect(call.heard.last?.to == elsewhere)
    // A new answer unlatches.
    call.peerSays = nil
    call.configure()
    call.run(milliseconds: 100)
    #expect(call.heard.last?.to == VirtualCall.peer)
  }

  @Test func theSignallingHostIsLatchedOntoAtOnce() throws {
    let call = try VirtualCall { $0.signallingSource = MediaAddress.ipv4(198, 51, 100, 7, port: 5_060) }
    call.peerSays = { _ in AudioFrame() }
    call.peerAddress = elsewhere
    call.run(milliseconds: 100)
    #expect(call.heard.last?.to == elsewhere)
    #expect(call.statistics.packetsFromStrangers == 0)
  }

  @Test func foreignPayloadTypesAreCountedAndIgnored() throws {
    let call = try VirtualCall()
    call.peerPayloadType = 18
    call.peerSays = { Tone.frame(700, from: $0) }
    call.run(milliseconds: 1_000)
    #expect(call.statistics.packetsOfForeignPayload == 50)
    #expect(call.statistics.packetsReceived == 0)
    #expect(call.telephoneHears.allSatisfy { $0 == 0 })
  }

  @Test func aPeerMayNumberOtherwiseThanWe() throws {
    let call = try VirtualCall {
      $0.payloadType = 96
      $0.receivedPayloadType = 18
    }
    call.peerPayloadType = 18
    call.peerSays = { Tone.frame(700, from: $0) }
    call.run(milliseconds: 1_000)
    #expect(call.statistics.packetsOfForeignPayload == 0)
    #expect(call.statistics.packetsReceived == 50)
    #expect(call.telephoneHears.contains { $0 != 0 })
    #expect(call.heard.last?.header.payloadType == 96)
  }

  @Test func foreignPayloadFromStrangersDoesNotLatch() throws {
    let call = try VirtualCall()
    call.peerPayloadType = 18
    call.peerAddress = elsewhere
    call.peerSays = { _ in AudioFrame() }
    call.run(milliseconds: 2_000)
    #expect(call.heard.last?.to == VirtualCall.peer)
  }

  @Test(arguments: [
    [], [0x80], [UInt8](repeating: 0xFF, count: 40), [0x80, 0, 0, 1, 0, 0], [0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42],
    [0x8F] + [UInt8](repeating: 0, count: 20),
  ])
  func bytesThatAreNoPacketAreCountedAndIgnored(bytes: [UInt8]) throws {
    let call = try VirtualCall()
    call.media.deliver(bytes, from: VirtualCall.peer, toPort: call.ports.rtp, arrival: call.now)
    call.media.deliver(bytes, from: VirtualCall.peer, toPort: call.ports.rtcp, arrival: call.now)
    call.run(milliseconds: 100)
    #expect(call.statistics.packetsMalformed == 2)
    #expect(call.statistics.packetsReceived == 0)
  }

  @Test func aRestartedPeerIsHeardAgain() throws {
    let call = try VirtualCall()
    call.peerSays = { Tone.frame(700, from: $0) }
    call.run(milliseconds: 1_000)
    call.peerSource = 0xCAFE_BABE
    call.peerSequence = 17
    call.peerTimestamp = 99
    call.run(milliseconds: 1_000)
    #expect(Tone.peak(700, in: call.telephoneHears.suffix(4_000)) > 7_500)
    #expect(call.statistics.packetsReceived == 99 || call.statistics.packetsReceived == 100)
    #expect(call.statistics.packetsLost == 0)
  }

  @Test func aJumpWithinTheSourceIsFollowed() throws {
    let call = try VirtualCall()
    call.peerSays = { Tone.frame(700, from: $0) }
    call.run(milliseconds: 1_000)
    call.peerSequence &+= 20_000
    call.peerTimestamp &+= 1_000_000
    call.run(milliseconds: 1_000)
    #expect(Tone.peak(700, in: call.telephoneHears.suffix(4_000)) > 7_500)
  }

  @Test func missingPacketsAreToldEveryTenSeconds() throws {
    let call = try VirtualCall()
    call.peerSays = { _ in AudioFrame() }
    call.run(milliseconds: 1_000)
    call.peerSays = nil
    call.run(milliseconds: 31_000)
    #expect(missing(call) == [10_000, 20_000, 30_000])
    call.peerSays = { _ in AudioFrame() }
    call.run(milliseconds: 200)
    #expect(call.events.filter { if case .packetsResumed = $0.kind { true } else { false } }.count == 1)
  }

  @Test func aPeerThatNeverSendsIsMissingToo() throws {
    let call = try VirtualCall()
    call.run(milliseconds: 10_100)
    #expect(missing(call) == [10_000])
  }

  @Test func onHoldNothingIsMissing() throws {
    let call = try VirtualCall { $0.direction = .inactive }
    call.run(milliseconds: 30_000)
    #expect(missing(call).isEmpty)
    call.configure()
    call.run(milliseconds: 9_000)
    #expect(missing(call).isEmpty, "counting begins with the new direction")
    call.run(milliseconds: 1_100)
    #expect(missing(call) == [10_000])
  }

  @Test func reportsAreASignOfLife() throws {
    let call = try VirtualCall()
    for _ in 0..<6 {
      call.run(milliseconds: 5_000)
      call.media.deliver(report(source: 7, about: nil), from: VirtualCall.peer.withPort(4_001), toPort: call.ports.rtcp, arrival: call.now)
    }
    #expect(missing(call).isEmpty)
    #expect(call.statistics.reportsReceived == 6)
  }

  @Test func reportsOfStrangersAreNone() throws {
    let call = try VirtualCall()
    call.run(milliseconds: 1_000)
    call.media.deliver(report(source: 7, about: nil), from: elsewhere, toPort: call.ports.rtcp, arrival: call.now)
    #expect(call.statistics.reportsReceived == 0)
    #expect(call.statistics.packetsFromStrangers == 1)
  }

  @Test func byeOfThePeerIsTold() throws {
    let call = try VirtualCall()
    call.peerSays = { _ in AudioFrame() }
    call.run(milliseconds: 200)
    var bytes = [UInt8](repeating: 0, count: 200)
    let count = bytes.withUnsafeMutableBytes { buffer in
      var writer = RTCPWriter(buffer)
      _ = writer.receiverReport(source: call.peerSource, block: nil)
      _ = writer.bye(source: call.peerSource)
      return writer.count
    }
    call.media.deliver(Array(bytes.prefix(count)), from: VirtualCall.peer.withPort(4_001), toPort: call.ports.rtcp, arrival: call.now)
    call.run(milliseconds: 10)
    #expect(call.events.contains { if case .remoteBye = $0.kind { true } else { false } })
  }

  // MARK: Our reports

  @Test func reportsSayWhatWasSentAndReceived() throws {
    let call = try VirtualCall()
    call.peerSays = { Tone.frame(700, from: $0) }
    call.isLost = { $0 % 10 == 9 }
    call.run(milliseconds: 30_000)
    #expect(call.reports.count >= 4 && call.reports.count <= 12, "one in 5 s, drawn from 2.5 to 7.5: \(call.reports.count)")
    let last = try #require(call.reports.last)
    #expect(last.to == VirtualCall.peer.withPort(4_001))
    #expect(last.from.port == call.ports.rtcp)
    let source = try #require(call.heard.first?.header.source)
    var name = ""
    var block: ReportBlock?
    var information: SenderInformation?
    try last.bytes.withUnsafeBytes { bytes in
      var reader = RTCPReader(bytes)
      while let packet = try reader.next() {
        switch packet {
        case .senderReport(let from, let sent, let blocks):
          #expect(from == source)
          information = sent
          block = blocks.block(at: 0)
        case .sourceDescription(let from, let canonicalName):
          #expect(from == source)
          name = String(decoding: canonicalName, as: UTF8.self)
        default: Issue.record("neither report nor name: \(packet)")
        }
      }
    }
    #expect(name == "gateway")
    let sent = try #require(information)
    #expect(sent.packets > 500 && Int(sent.packets) <= call.heard.count)
    #expect(sent.octets == sent.packets * 160)
    let received = try #require(block)
    #expect(received.source == call.peerSource)
    #expect(received.fractionLost >= 20 && received.fractionLost <= 32, "a tenth is 26 of 256: \(received.fractionLost)")
    #expect(received.cumulativeLost > 50)
  }

  @Test func multiplexedReportsLeaveByTheRTPPort() throws {
    let call = try VirtualCall { $0.multiplexesControl = true }
    call.media.deliver(report(source: 7, about: nil), from: VirtualCall.peer, toPort: call.ports.rtp, arrival: call.now)
    call.run(milliseconds: 10_000)
    let report = try #require(call.reports.last)
    #expect(report.to == VirtualCall.peer)
    #expect(report.from.port == call.ports.rtp)
    #expect(call.statistics.reportsReceived == 1)
  }

  @Test func thePeersReportTellsRoundTripAndLoss() throws {
    let call = try VirtualCall()
    call.peerSays = { _ in AudioFrame() }
    while call.reports.isEmpty { call.run(milliseconds: 10) }
    let source = try #require(call.heard.first?.header.source)
    let sent = call.reports[0].bytes
    let middle = sent[10..<14].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    call.run(milliseconds: 80)
    let block = ReportBlock(source: source, fractionLost: 64, lastSenderReport: middle, delaySinceLastSenderReport: 65_536 * 50 / 1_000)
    call.media.deliver(report(source: 7, about: block), from: VirtualCall.peer.withPort(4_001), toPort: call.ports.rtcp, arrival: call.now)
    #expect(abs(call.statistics.roundTripMilliseconds - 30) < 1)
    #expect(call.statistics.remoteLossFraction == 0.25)
  }

  @Test func closingSaysByeAndLetsGo() throws {
    let call = try VirtualCall()
    call.run(milliseconds: 500)
    let source = try #require(call.heard.first?.header.source)
    call.perform(.close)
    #expect(call.closing?.packetsSent == Int64(call.heard.count))
    #expect(!call.audio.isAttached)
    #expect(call.media.callCount == 0)
    #expect(call.media.portsInUse == 0)
    var left: UInt32?
    let last = try #require(call.reports.last)
    try last.bytes.withUnsafeBytes { bytes in
      var reader = RTCPReader(bytes)
      while let packet = try reader.next() { if case .bye(let source) = packet { left = source } }
    }
    #expect(left == source)
    let sent = call.heard.count
    call.run(milliseconds: 100)
    #expect(call.heard.count == sent)
  }

  @Test func disconnectingLetsTheLineGoAndKeepsTheStream() throws {
    let call = try VirtualCall()
    call.run(milliseconds: 500)
    call.perform(.disconnect)
    #expect(!call.audio.isAttached)
    let before = try #require(call.heard.last)
    call.run(milliseconds: 500)
    let after = try #require(call.heard.last)
    #expect(after.header.timestamp > before.header.timestamp &+ 3_000, "silence goes on by the media clock")
  }

  @Test func aRunReplaysExactly() throws {
    func run() throws -> [[UInt8]] {
      let call = try VirtualCall()
      call.telephoneSays = { Tone.frame(1_000, from: $0) }
      call.run(milliseconds: 12_000)
      return call.heard.map(\.payload) + call.reports.map(\.bytes)
    }
    #expect(try run() == run())
  }

  private func missing(_ call: VirtualCall) -> [Int] {
    call.events.compactMap { if case .packetsMissing(let milliseconds) = $0.kind { milliseconds } else { nil } }
  }

  private func report(source: UInt32, about block: ReportBlock?) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 200)
    let count = bytes.withUnsafeMutableBytes { buffer in
      var writer = RTCPWriter(buffer)
      _ = writer.receiverReport(source: source, block: block)
      return writer.count
    }
    return Array(bytes.prefix(count))
  }
}
