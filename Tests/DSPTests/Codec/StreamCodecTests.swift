import CAllocationCounter
import DSP
import RTP
import RealTime
import Testing

/// A sender's codec, a network that loses packets, and a receiver's codec with its buffer; 10 ms a step.
struct CodecLink: ~Copyable {
  var sender: StreamCodec
  var receiver: StreamCodec
  var buffer = JitterBuffer()
  let packet = UnsafeMutableRawBufferPointer.allocate(byteCount: 500, alignment: 16)
  let framesPerPacket: Int
  var sizes: [Int] = []
  var heard: [Int16] = []
  private var step = 0
  private var sequence: Int64 = 0

  init(_ kind: StreamCodecKind, framesPerPacket: Int = 4, terms: OpusTerms = OpusTerms()) {
    sender = StreamCodec(kind)
    receiver = StreamCodec(kind)
    sender.configure(terms)
    self.framesPerPacket = framesPerPacket
  }

  deinit { packet.deallocate() }

  /// `fate` tells by a packet's number whether it comes.
  mutating func run(_ samples: [Int16], fate: (Int) -> Bool = { _ in true }) {
    var place = 0
    while place + 80 <= samples.count {
      let frame = AudioFrame(samples[place..<place + 80])
      place += 80
      let now = MediaTime.milliseconds((step + 1) * 10)
      sender.collect(frame, at: step % framesPerPacket)
      if step % framesPerPacket == framesPerPacket - 1 {
        let count = sender.encode(frames: framesPerPacket, into: packet)
        sizes.append(count)
        let timestamp = Int64(step + 1 - framesPerPacket) * 80
        if count > 0 {
          sequence += 1
          if fate(sizes.count - 1) {
            let payload = UnsafeRawBufferPointer(rebasing: packet[..<count])
            receiver.insert(payload, sequence: sequence, timestamp: timestamp, marker: false, arrival: now, buffer: &buffer)
          }
        }
      }
      var played = AudioFrame()
      receiver.fill(&buffer)
      buffer.pull(into: &played, now: now + .milliseconds(1))
      heard += played.array
      step += 1
    }
  }
}

@Suite struct StreamCodecTests {
  static func tone(_ frequency: Double, seconds: Double, peak: Double = 8_000) -> [Int16] {
    (0..<Int(seconds * 8_000)).map { Int16(peak * sine(2 * .pi * frequency * Double($0) / 8_000)) }
  }

  private static func sine(_ x: Double) -> Double { Double(RealTimeMath.sine(Float(x.truncatingRemainder(dividingBy: 2 * .pi)))) }

  /// The mean square of `samples` at `frequency`, and of all the rest.
  static func split(_ samples: ArraySlice<Int16>, _ frequency: Double) -> (tone: Double, rest: Double) {
    var inPhase = 0.0
    var quadrature = 0.0
    var total = 0.0
    for (index, sample) in samples.enumerated() {
      let angle = 2 * .pi * frequency * Double(index) / 8_000
      inPhase += Double(sample) * sine(angle)
      quadrature += Double(sample) * sine(angle + .pi / 2)
      total += Double(sample) * Double(sample)
    }
    let count = Double(samples.count)
    let tone = 2 * (inPhase * inPhase + quadrature * quadrature) / (count * count)
    return (tone, total / count - tone)
  }

  @Test(arguments: [(StreamCodecKind.g722, 1_000.0, 20.0), (.g722, 3_000, 20), (.opus, 440, 15), (.opus, 1_000, 15)])
  func aToneComesThroughAtItsLevel(kind: StreamCodecKind, frequency: Double, leastRatio: Double) {
    var link = CodecLink(kind)
    link.run(Self.tone(frequency, seconds: 2))
    let (tone, rest) = Self.split(link.heard[8_000..<15_840], frequency)
    let level = Double(RealTimeMath.decibels(powerRatio: Float(tone / 32_000_000)))
    let ratio = Double(RealTimeMath.decibels(powerRatio: Float(tone / max(rest, 1))))
    #expect(abs(level) < 1, "\(kind) \(frequency) Hz: \(level) dB")
    #expect(ratio > leastRatio, "\(kind) \(frequency) Hz: \(ratio) dB")
  }

  @Test func lostSpeechComesFromTheNextPacket() {
    var link = CodecLink(.opus)
    link.run(Speech.babble(seconds: 8), fate: { $0 % 10 != 9 })
    #expect(link.receiver.recovered >= 15, "\(link.receiver.recovered) of 20")
    #expect(link.buffer.statistics.lost >= 19)
    // What is recovered is not concealed, but for the first losses, before the buffer is deep enough.
    #expect(link.buffer.statistics.concealedMilliseconds < 250, "\(link.buffer.statistics.concealedMilliseconds) ms of 800")
  }

  @Test func withoutCorrectionNothingIsRecovered() {
    var terms = OpusTerms()
    terms.mayCorrectErrors = false
    var link = CodecLink(.opus, terms: terms)
    link.run(Speech.babble(seconds: 4), fate: { $0 % 10 != 9 })
    #expect(link.receiver.recovered == 0 && link.buffer.statistics.concealedMilliseconds > 250)
  }

  @Test func correctionFollowsTheReports() {
    var link = CodecLink(.opus)
    for _ in 0..<3 { link.sender.remoteLost(0) }
    link.run(Speech.babble(seconds: 2), fate: { $0 % 10 != 9 })
    #expect(link.receiver.recovered == 0)
    link.sender.remoteLost(0.1)
    link.run(Speech.babble(seconds: 4), fate: { $0 % 10 != 9 })
    #expect(link.receiver.recovered >= 5)
  }

  @Test(arguments: [(1, false), (2, false), (2, true), (4, false), (4, true), (6, false)])
  func everySecondFitsTheWay(framesPerPacket: Int, isSecure: Bool) {
    let headers = 40 + (isSecure ? 10 : 0)
    let terms = OpusTerms(
      packetMilliseconds: framesPerPacket * 10, isVersion6: false, suite: isSecure ? .aesCounterMode128HMACSHA1Tag80 : nil,
      requestedBitRate: nil)
    var link = CodecLink(.opus, framesPerPacket: framesPerPacket, terms: terms)
    link.run(Speech.babble(seconds: 10))
    let window = 100 / framesPerPacket + 1
    let wire = link.sizes.map { $0 == 0 ? 0 : $0 + headers }
    let most = wire.indices.dropLast(window).map { wire[$0..<$0 + window].reduce(0, +) * 8 }.max() ?? 0
    // 10 ms packets have more headers than fit; the rest is to be as little as speech allows.
    #expect(most <= (framesPerPacket == 1 ? 45_000 : 28_800), "\(most) bit/s")
    #expect(most > 18_000)
  }

  @Test func silenceIsLeftOutWhereThePeerWantsIt() {
    var terms = OpusTerms()
    terms.suppressesSilence = true
    var link = CodecLink(.opus, terms: terms)
    link.run(Speech.babble(seconds: 2) + [Int16](repeating: 0, count: 32_000) + Speech.babble(seconds: 1))
    let pause = link.sizes[75..<145]
    #expect(pause.count { $0 == 0 } > 45, "\(pause)")
    #expect(link.sizes[..<48].count { $0 > 2 } > 36)
    #expect(link.buffer.statistics.lost == 0)
    // Nothing was missed: the pause is none of the concealment's.
    #expect(link.buffer.statistics.concealedMilliseconds < 150, "\(link.buffer.statistics.concealedMilliseconds)")
  }

  @Test(arguments: StreamCodecKind.allCases) func reorderedPacketsFindTheirPlaces(kind: StreamCodecKind) {
    var straight = CodecLink(kind, framesPerPacket: 2)
    straight.run(Speech.babble(seconds: 2))
    var buffer = JitterBuffer(configuration: JitterBufferConfiguration(initialDelay: .milliseconds(60)))
    var receiver = StreamCodec(kind)
    var sender = StreamCodec(kind)
    sender.configure(OpusTerms())
    let packet = UnsafeMutableRawBufferPointer.allocate(byteCount: 500, alignment: 16)
    defer { packet.deallocate() }
    let samples = Speech.babble(seconds: 1)
    var packets: [[UInt8]] = []
    for number in 0..<50 {
      for part in 0..<2 { sender.collect(AudioFrame(samples[(number * 2 + part) * 80..<(number * 2 + part + 1) * 80]), at: part) }
      packets.append(Array(packet[..<sender.encode(frames: 2, into: packet)]))
    }
    var concealed: Int64 = 0
    for pair in 0..<25 {
      for number in [pair * 2 + 1, pair * 2] {
        packets[number].withUnsafeBytes {
          _ = receiver.insert(
            $0, sequence: Int64(number), timestamp: Int64(number) * 160, marker: false,
            arrival: .milliseconds(pair * 40 + 40), buffer: &buffer)
        }
      }
      for tick in 0..<4 {
        var frame = AudioFrame()
        receiver.fill(&buffer)
        buffer.pull(into: &frame, now: .milliseconds(pair * 40 + 41 + tick * 10))
      }
      concealed = buffer.statistics.concealedMilliseconds
    }
    #expect(concealed < 60 && receiver.recovered == 0, "\(concealed) ms")
  }

  @Test func whatIsNoPacketIsCountedAndHarmless() {
    var receiver = StreamCodec(.opus)
    var buffer = JitterBuffer()
    var random = SystemRandomNumberGenerator()
    var sequence: Int64 = 0
    for length in 0..<400 {
      let bytes = (0..<length % 130).map { _ in UInt8.random(in: 0...255, using: &random) }
      sequence += 1
      bytes.withUnsafeBytes {
        _ = receiver.insert(
          $0, sequence: sequence, timestamp: sequence * 160, marker: false, arrival: .milliseconds(Int(sequence) * 20), buffer: &buffer)
      }
      for tick in 0..<2 {
        var frame = AudioFrame()
        receiver.fill(&buffer)
        buffer.pull(into: &frame, now: .milliseconds(Int(sequence) * 20 + tick * 10))
      }
    }
    #expect(buffer.statistics.playedSamples > 0)
  }

  @Test(arguments: StreamCodecKind.allCases) func nothingIsAllocated(kind: StreamCodecKind) {
    var link = CodecLink(kind)
    link.heard.reserveCapacity(200_000)
    let frames = stride(from: 0, to: 16_000, by: 80).map { AudioFrame(Speech.babble(seconds: 2)[$0..<$0 + 80]) }
    var sequence: Int64 = 0
    allocation_counter_start()
    for (index, frame) in frames.enumerated() {
      link.sender.collect(frame, at: index % 4)
      if index % 4 == 3 {
        let count = link.sender.encode(frames: 4, into: link.packet)
        sequence += 1
        if sequence % 7 != 0 {
          link.receiver.insert(
            UnsafeRawBufferPointer(start: link.packet.baseAddress, count: count), sequence: sequence, timestamp: sequence * 320,
            marker: false, arrival: .milliseconds(Int(sequence) * 40), buffer: &link.buffer)
        }
      }
      var played = AudioFrame()
      link.receiver.fill(&link.buffer)
      link.buffer.pull(into: &played, now: .milliseconds(index * 10 + 11))
    }
    let counts = allocation_counter_stop()
    #expect(counts.allocations == 0 && counts.locks == 0)
  }
}

/// Something with the rhythm of speech: vowels of two formants, hisses and pauses.
enum Speech {
  static func babble(seconds: Double) -> [Int16] {
    var samples: [Int16] = []
    var seed: UInt64 = 88_172_645_463_325_252
    func random() -> Float {
      seed ^= seed << 13
      seed ^= seed >> 7
      seed ^= seed << 17
      return Float(seed >> 40) / Float(1 << 24)
    }
    var first: (Float, Float) = (0, 0)
    var second: (Float, Float) = (0, 0)
    while samples.count < Int(seconds * 8_000) {
      let kind = random()
      let pitch = Int(55 + random() * 35)
      let formants = (Float(0.2 + random() * 0.5), Float(0.9 + random() * 0.9))
      for index in 0..<Int(900 + random() * 900) {
        var source: Float = 0
        if kind < 0.65 { source = index % pitch == 0 ? 3_000 : 0 } else if kind < 0.85 { source = (random() - 0.5) * 500 }
        let one = source + 1.9 * RealTimeMath.cosine(formants.0) * first.0 - 0.94 * first.1
        first = (one, first.0)
        let two = one * 0.4 + 1.8 * RealTimeMath.cosine(formants.1) * second.0 - 0.85 * second.1
        second = (two, second.0)
        samples.append(RealTimeMath.sample(two * 0.5))
      }
    }
    return Array(samples.prefix(Int(seconds * 8_000)))
  }
}
