import CallControl
import LineHarness
import RealTime
import SDP
import TelephonyHAL
import Testing

/// Audio both ways through everything: frequency, level, delay, no concealment on a clean network.
@Suite struct AudioTests {
  /// A burst of 50 ms in silence.
  private static func burst(at milliseconds: Int, of length: Int = 4_000) -> [Int16] {
    var samples = [Int16](repeating: 0, count: length * 8)
    let tone = AudioAnalysis.tone(1_000, dbm0: -6, milliseconds: 50)
    samples.replaceSubrange(milliseconds * 8..<milliseconds * 8 + tone.count, with: tone)
    return samples
  }

  @Test(arguments: [AudioCodec.pcmu, .pcma]) func frequencyAndLevelAreKeptBothWays(codec: AudioCodec) throws {
    let folder = try RecordingFolder()
    let phone = Phone(number: Numbers.speaks, answersAfterMilliseconds: 500, says: .tone(1_000), records: folder.file("heard.wav"))
    let world = try VirtualWorld.make(phones: [phone])
    let bob = world.addSoftphone("bob") {
      $0.says = .tone(640, dbm0: -14)
      $0.records = true
      $0.codecs = [codec]
    }
    let call = try world.talk(Numbers.speaks, bob)
    world.run(milliseconds: 5_000)
    let heard = Array(call.stream.heard.suffix(16_000))
    world.hangUp(bob)
    world.expectNothingLeft()
    #expect(AudioAnalysis.strongestFrequency(Array(heard.prefix(8_000))) == 1_000)
    #expect(abs(AudioAnalysis.level(of: 1_000, in: heard) + 10) < 0.3)
    #expect(abs(AudioAnalysis.level(heard) + 10) < 0.3)

    let recording = try folder.read("heard.wav")
    let middle = Array(recording.dropFirst(8_000).prefix(16_000))
    #expect(middle.count == 16_000)
    #expect(AudioAnalysis.strongestFrequency(Array(middle.prefix(8_000))) == 640)
    #expect(abs(AudioAnalysis.level(of: 640, in: middle) + 14) < 0.2)
    #expect(abs(AudioAnalysis.level(middle) + 14) < 0.3)

    let media = try #require(world.records.first?.media)
    #expect(media.concealedMilliseconds == 0)
    #expect(media.packetsLost == 0)
    #expect(media.packetsLate == 0)
    #expect(media.codec == codec)
  }

  /// From what the softphone's sender has handed to the network to what the telephone hears, less the network.
  @Test(arguments: [0, 3, 7]) func delayToTheTelephone(offset: Int) throws {
    let folder = try RecordingFolder()
    let phone = Phone(number: Numbers.speaks, answersAfterMilliseconds: 500, records: folder.file("heard.wav"))
    let world = try VirtualWorld.make(phones: [phone]) { $0.exchangeOffset = .milliseconds(offset) }
    let bob = world.addSoftphone("bob")
    let call = try world.talk(Numbers.speaks, bob)
    world.run(milliseconds: 3_000)
    call.says = .samples(Self.burst(at: 1_000))
    world.run(milliseconds: 3_000)
    world.hangUp(bob)
    world.expectNothingLeft()
    let spoken = try #require(call.stream.spokenAt) + .milliseconds(1_000)
    let state = try #require(world.exchange.control.state(of: Numbers.speaks)?.calls.last)
    let answered = world.time(ofExchange: try #require(state.answeredAt))
    let onset = try #require(AudioAnalysis.onset(try folder.read("heard.wav")))
    let heard = answered + .samples(Int64(onset))
    // The packet is full 20 ms after its first sample, and takes 1 ms.
    let added = heard - spoken - .milliseconds(SoftphoneStream.packetMilliseconds + 1)
    #expect(added <= .milliseconds(60), "\(added.milliseconds) ms")
    #expect(added > .zero, "\(added.milliseconds) ms")
    print("delay to the telephone, exchange \(offset) ms behind: \(added.milliseconds) ms")
  }

  /// From what the telephone says to the arrival at the softphone, our packets of 20 ms included, less the network.
  @Test(arguments: [0, 3, 7]) func delayToTheSoftphone(offset: Int) throws {
    let folder = try RecordingFolder()
    try folder.write(Self.burst(at: 3_000), to: "says.wav")
    let phone = Phone(number: Numbers.speaks, answersAfterMilliseconds: 500, says: .file(folder.file("says.wav")))
    let world = try VirtualWorld.make(phones: [phone]) { $0.exchangeOffset = .milliseconds(offset) }
    let bob = world.addSoftphone("bob") { $0.records = true }
    let call = try world.talk(Numbers.speaks, bob)
    // The last of the ringing is still on its way.
    let before = call.stream.heard.count + 800
    world.run(milliseconds: 5_000)
    world.hangUp(bob)
    world.expectNothingLeft()
    let state = try #require(world.exchange.control.state(of: Numbers.speaks)?.calls.last)
    let spoken = world.time(ofExchange: try #require(state.answeredAt)) + .milliseconds(3_000)
    let onset = try #require(AudioAnalysis.onset(call.stream.heard.dropFirst(before)))
    let heard = try #require(call.stream.arrival(of: before + onset))
    let added = heard - spoken - .milliseconds(1)
    #expect(added <= .milliseconds(60), "\(added.milliseconds) ms")
    #expect(added > .zero, "\(added.milliseconds) ms")
    print("delay to the softphone, exchange \(offset) ms behind: \(added.milliseconds) ms")
  }

  @Test func ringbackIsHeardAsEarlyMedia() throws {
    let world = try VirtualWorld.make(phones: [Phone(number: Numbers.speaks, answersAfterMilliseconds: 8_000)])
    let bob = world.addSoftphone("bob") { $0.records = true }
    let call = try #require(world.call(Numbers.speaks, from: bob))
    world.run(atMost: 20_000) { _ in call.happenings.contains(.provisional(180, hasSDP: false)) }
    world.run(milliseconds: 3_000)
    #expect(call.answeredAt == nil)
    #expect(AudioAnalysis.level(of: 400, in: call.stream.heard.suffix(24_000)) > -25)
    world.hangUp(bob)
    world.expectNothingLeft()
  }

  /// Held: the telephone hears no speech, the softphone gets no packet; resumed: all is as before.
  @Test(arguments: [SDP.MediaDirection.sendOnly, .inactive]) func holdGatesTheAudio(direction: SDP.MediaDirection) throws {
    let folder = try RecordingFolder()
    let phone = Phone(number: Numbers.speaks, answersAfterMilliseconds: 500, says: .tone(1_000), records: folder.file("heard.wav"))
    let world = try VirtualWorld.make(phones: [phone])
    let bob = world.addSoftphone("bob") { $0.says = .tone(640, dbm0: -14) }
    let call = try world.talk(Numbers.speaks, bob)
    let state = { world.exchange.control.state(of: Numbers.speaks)?.calls.last }
    let answered = world.time(ofExchange: try #require(state()?.answeredAt))
    world.run(milliseconds: 2_000)
    bob.offer(direction, in: call, now: world.now)
    world.run(milliseconds: 200)
    let heldFrom = world.now
    let packets = call.stream.packetsHeard
    // Longer than the 10 s after which packets are missed: on hold they are not.
    world.run(milliseconds: 40_000)
    let heldUntil = world.now
    #expect(call.stream.packetsHeard - packets <= 1)
    #expect(!call.isOver)
    #expect(world.controller.runningCalls.first?.state == .held)
    bob.offer(.sendReceive, in: call, now: world.now)
    world.run(milliseconds: 2_000)
    #expect(world.controller.runningCalls.first?.state == .talking)
    #expect(call.stream.packetsHeard - packets > 80)
    world.hangUp(bob)
    world.expectNothingLeft()
    let recording = try folder.read("heard.wav")
    func part(_ from: MediaTime, _ until: MediaTime) -> ArraySlice<Int16> {
      recording[Int((from - answered).wholeSamples)..<Int((until - answered).wholeSamples)]
    }
    #expect(AudioAnalysis.level(of: 640, in: part(heldFrom - .milliseconds(1_200), heldFrom - .milliseconds(300))) > -15)
    #expect(AudioAnalysis.level(of: 640, in: part(heldFrom, heldUntil)) < -60)
    #expect(AudioAnalysis.level(of: 640, in: part(heldUntil + .milliseconds(500), heldUntil + .milliseconds(1_500))) > -15)
  }
}
