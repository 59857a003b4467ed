import AudioFile
import Phone
import RTP
import RealTime
import Testing

/// Two phones joined by a network of virtual time.
private struct Pair: ~Copyable {
  var near: PhoneAudio
  var far: PhoneAudio
  var now = MediaTime.seconds(100)
  /// One way.
  var latency = MediaTime.milliseconds(0)
  /// Every so many-th audio packet of the near side is lost; 0: none.
  var losesEvery = 0
  var doublesEvery = 0
  var heardFar: [Int16] = []
  var digitsFar = ""
  private var sent = 0
  private var underway: [(arrival: MediaTime, toFar: Bool, bytes: [UInt8])] = []

  init(speech: [Int16] = [], keys: String = "", nearTerms: AudioTerms = AudioTerms(), farTerms: AudioTerms = AudioTerms()) {
    near = PhoneAudio(speech: speech, keys: keys, wallClockOffset: 1_700_000_000_000_000_000, seed: 11 << 32 | 7)
    far = PhoneAudio(speech: [], keys: "", wallClockOffset: 1_700_000_000_000_000_000, seed: 99 << 32 | 8)
    near.apply(nearTerms, now: now)
    far.apply(farTerms, now: now)
  }

  mutating func run(milliseconds: Int) {
    for _ in 0..<(milliseconds / 10) {
      now += .milliseconds(10)
      deliver()
      near.tick(now: now)
      far.tick(now: now)
      while let packet = near.nextPacket() {
        let bytes = Array(packet.bytes)
        if !packet.isReport {
          sent += 1
          if losesEvery > 0, sent % losesEvery == 0 { continue }
          if doublesEvery > 0, sent % doublesEvery == 0 { underway.append((now + latency, true, bytes)) }
        }
        underway.append((now + latency, true, bytes))
      }
      while let packet = far.nextPacket() { underway.append((now + latency, false, Array(packet.bytes))) }
      heardFar += far.heard.array
      while let digit = far.nextDigit() { digitsFar.append(Character(UnicodeScalar(digit))) }
    }
  }

  private mutating func deliver() {
    for packet in underway where packet.arrival <= now {
      packet.bytes.withUnsafeBytes { bytes in
        if packet.toFar { far.receive(bytes, arrival: packet.arrival) } else { near.receive(bytes, arrival: packet.arrival) }
      }
    }
    underway.removeAll { $0.arrival <= now }
  }
}

/// Noise bursts with pauses: like speech, it can be told where it is.
private func speech(seconds: Int) -> [Int16] {
  var state: UInt64 = 5
  return (0..<seconds * 8000).map { index in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    let noise = Int(state >> 50) - 8192
    return (index / 2000) % 3 == 2 ? 0 : Int16(noise / 2)
  }
}

@Suite struct PhoneAudioTests {
  @Test(arguments: [false, true]) func speechArrivesWhole(isALaw: Bool) {
    let words = speech(seconds: 3)
    let type: UInt8 = isALaw ? 8 : 0
    let terms = AudioTerms(isALaw: isALaw, payloadType: type, receivePayloadType: type)
    var pair = Pair(speech: words, nearTerms: terms, farTerms: terms)
    pair.run(milliseconds: 4_000)
    let comparison = AudioComparison.compare(heard: pair.heardFar, source: words)
    #expect(comparison.correlation > 0.98)
    let figures = pair.far.statistics
    #expect(figures.packetsLost == 0)
    #expect(figures.codec == (isALaw ? .pcma : .pcmu))
    #expect(pair.near.statistics.hasSpoken)
    #expect(pair.near.statistics.packetsSent == 200)
  }

  @Test(arguments: SRTPSuite.allCases) func secureSpeechArrivesWhole(_ suite: SRTPSuite) throws {
    func key(_ first: UInt8) throws -> SRTPMasterKey {
      try #require(SRTPMasterKey((0..<UInt8(SRTPSuite.keySize + suite.saltSize)).map { $0 &+ first }, suite: suite))
    }
    let (one, two) = (try key(1), try key(77))
    let words = speech(seconds: 2)
    var pair = Pair(
      speech: words, keys: "15", nearTerms: AudioTerms(security: SRTPKeys(suite: suite, send: one, receive: two)),
      farTerms: AudioTerms(security: SRTPKeys(suite: suite, send: two, receive: one)))
    pair.doublesEvery = 5
    pair.run(milliseconds: 4_000)
    #expect(pair.digitsFar == "15")
    let figures = pair.far.statistics
    // Whatever comes a second time is not believed.
    #expect(figures.packetsLost == 0 && figures.packetsIgnored > 20 && figures.security != nil)
    #expect(pair.near.statistics.roundTripMilliseconds != nil)
    // Another key: nothing is heard.
    pair.far.apply(AudioTerms(security: SRTPKeys(suite: suite, send: two, receive: two)), now: pair.now)
    pair.run(milliseconds: 6_000)
    let before = pair.far.statistics.packetsReceived
    pair.run(milliseconds: 500)
    #expect(pair.far.statistics.packetsReceived == before)
  }

  @Test func nothingIsSpokenBeforeTheAnswer() {
    var terms = AudioTerms()
    terms.isTalking = false
    var pair = Pair(speech: speech(seconds: 1), nearTerms: terms)
    pair.run(milliseconds: 1_000)
    #expect(pair.near.statistics.levelSent == -96)
    #expect(pair.near.statistics.packetsSent == 50)
    #expect(!pair.near.statistics.hasSpoken)
    pair.near.apply(AudioTerms(), now: pair.now)
    pair.run(milliseconds: 500)
    #expect(pair.near.statistics.levelSent > -30)
  }

  @Test func whileHeldNothingIsSent() {
    var pair = Pair(nearTerms: AudioTerms(sends: false))
    pair.run(milliseconds: 500)
    #expect(pair.near.statistics.packetsSent == 0)
  }

  @Test func keysAreHeardOnceEachWhateverIsLost() {
    var pair = Pair(keys: "159#*0AD")
    pair.losesEvery = 7
    pair.doublesEvery = 3
    pair.run(milliseconds: 4_000)
    #expect(pair.digitsFar == "159#*0AD")
  }

  @Test func lossIsCountedOnBothSides() throws {
    var pair = Pair(speech: speech(seconds: 8))
    pair.losesEvery = 10
    pair.run(milliseconds: 8_000)
    let figures = pair.far.statistics
    // The last one lost may not have been noticed.
    #expect((39...40).contains(figures.packetsLost))
    #expect(abs(figures.lossFraction - 0.1) < 0.01)
    let told = try #require(pair.near.statistics.lossAtGateway)
    #expect(abs(told - 0.1) < 0.05)
    #expect(figures.concealedMilliseconds > 500)
  }

  @Test func qualityIsToldWhereItIsAskedFor() throws {
    var asking = AudioTerms()
    asking.reportsVoiceMetrics = true
    // The far side asks, the near side does not.
    var pair = Pair(speech: speech(seconds: 8), nearTerms: asking)
    pair.losesEvery = 10
    pair.run(milliseconds: 8_000)
    let here = try #require(pair.far.statistics.mosHere)
    #expect(here > 2.5 && here < 3.9, "a tenth is lost")
    let near = try #require(pair.near.statistics.mosHere)
    let told = try #require(pair.far.statistics.mosAtGateway)
    #expect(abs(told - near) < 0.35)
    #expect(pair.near.statistics.mosAtGateway == nil)
  }

  @Test func theRoundTripIsMeasuredByReports() throws {
    var pair = Pair(speech: speech(seconds: 2))
    pair.latency = .milliseconds(30)
    pair.run(milliseconds: 8_000)
    let measured = try #require(pair.near.statistics.roundTripMilliseconds)
    #expect(abs(measured - 60) <= 10)
    let delay = try #require(pair.far.statistics.delayMilliseconds)
    #expect((50...110).contains(delay))
  }

  @Test func foreignAndTornPacketsAreIgnored() {
    var pair = Pair()
    for bytes: [UInt8] in [[], [0x80], [0x80, 96] + Array(repeating: 0, count: 30), Array(repeating: 0xff, count: 40)] {
      bytes.withUnsafeBytes { pair.far.receive($0, arrival: pair.now) }
    }
    #expect(pair.far.statistics.packetsReceived == 0)
    #expect(pair.far.statistics.packetsIgnored >= 3)
  }

  @Test func aNewSourceIsFollowed() {
    let words = speech(seconds: 2)
    var pair = Pair(speech: words)
    pair.run(milliseconds: 500)
    pair.near = PhoneAudio(speech: words, keys: "", wallClockOffset: 0, seed: 77 << 32 | 1234)
    pair.near.apply(AudioTerms(), now: pair.now)
    pair.heardFar = []
    pair.run(milliseconds: 2_500)
    #expect(AudioComparison.compare(heard: pair.heardFar, source: words).correlation > 0.98)
    #expect(pair.far.statistics.packetsLost == 0)
  }
}
