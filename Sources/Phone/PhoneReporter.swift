import RTP
import RealTime

/// Reports of this side, and what the gateway reports (RFC 3550 §6): every 2 s, so that the delay is soon known.
struct PhoneReporter: ~Copyable {
  private static let interval = MediaTime.seconds(2)
  private static let canonicalName = Array("phone".utf8)

  private let source: UInt32
  private let wallClockOffset: Int64
  private let packet: UnsafeMutableRawBufferPointer
  private var packetSize = 0
  private var nextReport: MediaTime?
  private var lastSenderReport: UInt32 = 0
  private var lastSenderReportArrival = MediaTime.zero
  private(set) var roundTrip: MediaTime?
  private(set) var remoteLossFraction: Float?
  /// What the gateway's newest extended report tells of our packets.
  private(set) var remoteMetrics: VoiceMetrics?

  init(source: UInt32, wallClockOffset: Int64) {
    self.source = source
    self.wallClockOffset = wallClockOffset
    packet = .allocate(byteCount: 256, alignment: 16)
  }

  deinit {
    packet.deallocate()
  }

  mutating func start(now: MediaTime) { nextReport = now + .seconds(1) }

  func isDue(now: MediaTime) -> Bool { nextReport.map { now >= $0 } ?? false }

  private func wallClock(_ now: MediaTime) -> NTPTime { NTPTime(wallClockNanoseconds: now.nanoseconds &+ wallClockOffset) }

  mutating func write(
    timestamp: UInt32, packets: UInt32, octets: UInt32, reception: inout ReceptionStatistics, remote: UInt32, metrics: VoiceMetrics?,
    isLeaving: Bool, now: MediaTime
  ) {
    nextReport = now + Self.interval
    var block: ReportBlock?
    if reception.isValid {
      block = ReportBlock(
        source: remote, statistics: &reception, lastSenderReport: lastSenderReport, sinceSenderReport: now - lastSenderReportArrival)
    }
    var writer = RTCPWriter(packet)
    let information = SenderInformation(time: wallClock(now), timestamp: timestamp, packets: packets, octets: octets)
    var fits =
      packets > 0 ? writer.senderReport(source: source, information, block: block) : writer.receiverReport(source: source, block: block)
    fits = Self.canonicalName.withUnsafeBytes { name in fits && writer.sourceDescription(source: source, canonicalName: name) }
    if let metrics { fits = fits && writer.extendedReport(source: source, metrics) }
    if isLeaving { fits = fits && writer.bye(source: source) }
    packetSize = fits ? writer.count : 0
  }

  /// Reads as far as the compound is whole.
  mutating func read(_ bytes: UnsafeRawBufferPointer, now: MediaTime) {
    var reader = RTCPReader(bytes)
    while let packet = try? reader.next() {
      switch packet {
      case .senderReport(_, let information, let blocks):
        lastSenderReport = information.time.middle
        lastSenderReportArrival = now
        take(blocks.block(about: source), now)
      case .receiverReport(_, let blocks): take(blocks.block(about: source), now)
      case .extendedReport(_, let blocks):
        if let metrics = blocks.voiceMetrics(about: source) { remoteMetrics = metrics }
      case .bye, .sourceDescription, .other: break
      }
    }
  }

  private mutating func take(_ block: ReportBlock?, _ now: MediaTime) {
    guard let block else { return }
    remoteLossFraction = Float(block.fractionLost) / 256
    if let measured = block.roundTrip(now: wallClock(now)) { roundTrip = measured }
  }

  mutating func takePacket() -> UnsafeRawBufferPointer? {
    guard packetSize > 0 else { return nil }
    defer { packetSize = 0 }
    return UnsafeRawBufferPointer(rebasing: packet[..<packetSize])
  }
}
