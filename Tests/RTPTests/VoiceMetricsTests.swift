import RTP
import RealTime
import Testing

struct VoiceMetricsTests {
  private var metrics: VoiceMetrics {
    var metrics = VoiceMetrics(source: 0x0102_0304)
    metrics.lossFraction = 0.25
    metrics.discardFraction = 0.125
    metrics.burstDensity = 0.5
    metrics.gapDensity = 1.0 / 256
    metrics.burstMilliseconds = 140
    metrics.gapMilliseconds = 70_000
    metrics.roundTripMilliseconds = 61.4
    metrics.endSystemDelayMilliseconds = 55
    metrics.signalDBm0 = -21.4
    metrics.noiseDBm0 = -64
    metrics.residualEchoReturnLossDB = 43
    metrics.rating = 82.6
    metrics.mosListening = 4.06
    metrics.mosConversational = 3.94
    metrics.receiver.concealment = .enhanced
    metrics.receiver.buffer = .adaptive
    metrics.receiver.adjustmentRate = 3
    metrics.bufferMilliseconds = 24
    metrics.bufferMaximumMilliseconds = 80
    metrics.bufferLimitMilliseconds = 600
    return metrics
  }

  private func write(_ metrics: VoiceMetrics, capacity: Int = 64) -> [UInt8] {
    var bytes = [UInt8](repeating: 0xEE, count: capacity)
    let count = bytes.withUnsafeMutableBytes { raw in
      var writer = RTCPWriter(raw)
      #expect(writer.extendedReport(source: 9, metrics) == (capacity >= 44))
      return writer.count
    }
    return Array(bytes.prefix(count))
  }

  private func read(_ bytes: [UInt8], about source: UInt32 = 0x0102_0304) throws -> VoiceMetrics? {
    try bytes.withUnsafeBytes { raw in
      var reader = RTCPReader(raw)
      while let packet = try reader.next() {
        if case .extendedReport(9, let blocks) = packet { return blocks.voiceMetrics(about: source) }
      }
      return nil
    }
  }

  /// RFC 3611, 4.7, octet by octet.
  @Test func laysOutTheBlockAsTheStandardHasIt() {
    let expected: [UInt8] = [
      0x80, 207, 0, 10, 0, 0, 0, 9, 7, 0, 0, 8, 1, 2, 3, 4, 64, 32, 128, 1, 0, 140, 0xFF, 0xFF, 0, 61, 0, 55,
      UInt8(bitPattern: -21), UInt8(bitPattern: -64), 43, 16, 83, 127, 41, 39, 0b1011_0011, 0, 0, 24, 0, 80, 2, 88,
    ]
    #expect(write(metrics) == expected)
  }

  @Test func survives() throws {
    let found = try #require(try read(write(metrics)))
    var expected = metrics
    expected.gapMilliseconds = 65_535
    expected.roundTripMilliseconds = 61
    expected.signalDBm0 = -21
    expected.rating = 83
    expected.mosListening = 4.1
    expected.mosConversational = 3.9
    #expect(found == expected)
  }

  @Test func whatIsNotKnownIsSaidSo() throws {
    let bytes = write(VoiceMetrics(source: 0x0102_0304))
    let found = try #require(try read(bytes))
    #expect(found == VoiceMetrics(source: 0x0102_0304))
    #expect(bytes[28...30].allSatisfy { $0 == 127 } && bytes[32...35].allSatisfy { $0 == 127 })
  }

  @Test func absurdFiguresAreWrittenWithinTheirBounds() throws {
    for value in [Float.nan, .infinity, -.infinity, 1e20, -1e20] {
      var absurd = metrics
      absurd.lossFraction = value
      absurd.burstMilliseconds = value
      absurd.signalDBm0 = value
      absurd.rating = value
      absurd.mosListening = value
      absurd.residualEchoReturnLossDB = value
      let found = try #require(try read(write(absurd)))
      #expect(found.lossFraction >= 0 && found.lossFraction <= 1)
      #expect(found.rating.map { $0 <= 100 } != false)
    }
  }

  @Test func foreignBlocksArePassedOver() throws {
    // A receiver reference time (4) before the metrics, and metrics of another stream.
    var other = metrics
    other.source = 77
    let blocks = [4, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8] as [UInt8] + write(other)[8...] + write(metrics)[8...]
    let words = UInt8((4 + blocks.count) / 4)
    let bytes = [0x80, 207, 0, words, 0, 0, 0, 9] + blocks
    #expect(try read(bytes)?.burstMilliseconds == 140)
    #expect(try read(bytes, about: 77)?.source == 77)
    #expect(try read(bytes, about: 78) == nil)
  }

  @Test func tornBlocksAreNotRead() throws {
    let whole = write(metrics)
    for words in 1..<10 {
      var torn = Array(whole.prefix(4 + 4 * words))
      torn[3] = UInt8(words)
      #expect(try read(torn) == nil)
    }
    #expect(write(metrics, capacity: 43).isEmpty)
  }
}
