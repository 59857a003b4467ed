import DSP
import MediaPath
import Numbering
import RTP
import RealTime
import TelephonyHAL
import Testing

@Suite("Audio through a call's path")
struct CallPathAudioTests {
  private let allDirections: [MediaDirection] = [.sendReceive, .sendOnly, .receiveOnly, .inactive]

  @Test(arguments: [(PathDescription.Codec.pcmu, G711Law.mu, UInt8(0)), (.pcma, .a, 8)])
  func aToneReachesThePeer(codec: PathDescription.Codec, law: G711Law, type: UInt8) throws {
    let call = try VirtualCall {
      $0.codec = codec
      $0.payloadType = type
    }
    call.telephoneSays = { Tone.frame(1_000, from: $0) }
    call.run(milliseconds: 1_000)
    let heard = call.peerAudio(law: law).suffix(4_000)
    #expect(abs(Tone.peak(1_000, in: heard) - 8_000) < 200)
    #expect(abs(Tone.rootMeanSquare(heard) - 8_000 / 2.0.squareRoot()) < 200)
  }

  @Test(arguments: [(PathDescription.Codec.pcmu, G711Law.mu, UInt8(0)), (.pcma, .a, 8)])
  func aToneReachesTheLine(codec: PathDescription.Codec, law: G711Law, type: UInt8) throws {
    let call = try VirtualCall {
      $0.codec = codec
      $0.payloadType = type
    }
    call.peerLaw = law
    call.peerPayloadType = type
    call.peerSays = { Tone.frame(700, from: $0) }
    call.run(milliseconds: 2_000)
    let heard = call.telephoneHears.suffix(4_000)
    #expect(abs(Tone.peak(700, in: heard) - 8_000) < 200)
    #expect(abs(Tone.rootMeanSquare(heard) - 8_000 / 2.0.squareRoot()) < 200)
    #expect(call.statistics.concealedMilliseconds < 50)
  }

  @Test func timeStampsAndSequencesAreContinuous() throws {
    let call = try VirtualCall()
    call.run(milliseconds: 3_000)
    #expect(call.heard.count >= 148)
    #expect(call.heard.first?.header.marker == true)
    for (one, next) in zip(call.heard, call.heard.dropFirst()) {
      #expect(next.header.sequence == one.header.sequence &+ 1)
      #expect(next.header.timestamp == one.header.timestamp &+ 160)
      #expect(!next.header.marker)
      #expect(next.payload.count == 160)
    }
  }

  @Test(arguments: [10, 20, 30, 40, 60])
  func packetsHaveTheNegotiatedLength(milliseconds: Int) throws {
    let call = try VirtualCall { $0.packetMilliseconds = milliseconds }
    call.run(milliseconds: 1_200)
    #expect(call.heard.allSatisfy { $0.payload.count == milliseconds * 8 })
    #expect(abs(call.heard.count - 1_200 / milliseconds) <= 1)
  }

  @Test func aLineOfItsOwnClockIsFollowed() throws {
    let call = try VirtualCall()
    call.run(milliseconds: 100)
    // Two frames at once, then none: the path runs as often as was captured, and plays as much.
    call.audio.deliver(captured: AudioFrame(), played: AudioFrame())
    let before = call.statistics.frames
    call.media.tick(now: call.now)
    #expect(call.statistics.frames == before + 1)
    call.media.tick(now: call.now)
    #expect(call.statistics.frames == before + 1)
    call.audio.deliver(captured: AudioFrame(), played: AudioFrame())
    call.audio.deliver(captured: AudioFrame(), played: AudioFrame())
    call.media.tick(now: call.now)
    #expect(call.statistics.frames == before + 3)
  }

  @Test func theLineAddsNoMoreThanOneFrame() throws {
    let call = try VirtualCall()
    // A click at the line's side and one at the peer's, found at the other end.
    call.telephoneSays = { $0 == 8_000 ? AudioFrame(repeating: 20_000) : AudioFrame() }
    call.peerSays = { $0 == 8_000 ? AudioFrame(repeating: 20_000) : AudioFrame() }
    call.run(milliseconds: 2_000)
    let clickOut = try #require(call.peerAudio().firstIndex { $0 > 10_000 })
    // The first packets wait for their phase, so count by arrival: its packet was complete at most 20 ms after the click.
    let packet = try #require(call.heard.first { $0.payload.contains { G711(.mu).decode($0) > 10_000 } })
    #expect((packet.at - MediaTime.seconds(1_000)).wholeMilliseconds - 1_000 <= 30, "line to packet, click at \(clickOut)")
    let clickIn = try #require(call.telephoneHears.firstIndex { $0 > 10_000 })
    // 20 ms packetisation at the peer, the jitter buffer, one frame to the line.
    #expect((clickIn - 8_000) / 8 <= 60, "packet to line: \((clickIn - 8_000) / 8) ms")
  }

  @Test func lossAndReorderingAreConcealed() throws {
    let call = try VirtualCall()
    call.peerSays = { Tone.frame(700, from: $0) }
    call.isLost = { $0 > 60 && $0 % 20 == 7 }
    call.run(milliseconds: 6_000)
    let statistics = call.statistics
    #expect(statistics.packetsLost >= 10)
    #expect(statistics.packetsReceived + statistics.packetsLost == 300)
    let heard = call.telephoneHears.suffix(8_000)
    #expect(Tone.rootMeanSquare(heard) > 4_500, "the tone goes on where packets were lost")
  }

  @Test func closedIsSilentBothWays() throws {
    let call = try VirtualCall(bridge: .closed)
    call.telephoneSays = { Tone.frame(1_000, from: $0) }
    call.peerSays = { Tone.frame(700, from: $0) }
    call.run(milliseconds: 1_000)
    #expect(call.heard.isEmpty)
    #expect(call.telephoneHears.allSatisfy { $0 == 0 })
  }

  @Test func earlyMediaGoesTowardThePeerOnly() throws {
    let call = try VirtualCall(bridge: .listen)
    call.telephoneSays = { Tone.frame(1_000, from: $0) }
    call.peerSays = { Tone.frame(700, from: $0) }
    call.run(milliseconds: 1_000)
    #expect(Tone.peak(1_000, in: call.peerAudio().suffix(2_000)) > 7_000)
    #expect(call.telephoneHears.allSatisfy { $0 == 0 })
  }

  @Test(arguments: [MediaDirection.sendReceive, .sendOnly, .receiveOnly, .inactive])
  func directionsAreObeyed(direction: MediaDirection) throws {
    let call = try VirtualCall { $0.direction = direction }
    call.telephoneSays = { Tone.frame(1_000, from: $0) }
    call.peerSays = { Tone.frame(700, from: $0) }
    call.run(milliseconds: 1_500)
    #expect(call.heard.isEmpty == !direction.sends)
    #expect((Tone.peak(700, in: call.telephoneHears.suffix(4_000)) > 7_000) == direction.receives)
  }

  @Test func onHoldTheLineHearsComfortNoise() throws {
    let call = try VirtualCall(bridge: .held)
    call.telephoneSays = { Tone.frame(1_000, from: $0) }
    call.run(milliseconds: 1_000)
    let heard = Tone.rootMeanSquare(call.telephoneHears.suffix(4_000))
    #expect(heard > 5 && heard < 40)
    #expect(call.heard.isEmpty)
  }

  @Test func onHoldTheLineHearsTheHoldAudioRoundAndRound() throws {
    let call = try VirtualCall(bridge: .closed)
    let clip = try #require(call.media.clips.add((0..<5).flatMap { Tone.frame(500, from: $0 * 80).array }))
    call.perform(.holdAudio(clip))
    call.perform(.bridge(.held))
    call.run(milliseconds: 1_000)
    #expect(Tone.peak(500, in: call.telephoneHears.suffix(6_400)) > 7_800)
    call.perform(.bridge(.both))
    call.run(milliseconds: 500)
    #expect(Tone.rootMeanSquare(call.telephoneHears.suffix(800)) < 100)
  }

  @Test func resumeMarksTheStreamAndKeepsItsTime() throws {
    let call = try VirtualCall()
    call.run(milliseconds: 500)
    let before = try #require(call.heard.last)
    call.configure { $0.direction = .inactive }
    call.run(milliseconds: 1_000)
    #expect(call.heard.last?.header.timestamp == before.header.timestamp)
    call.configure()
    call.run(milliseconds: 100)
    let after = try #require(call.heard.first { $0.at > before.at + .milliseconds(900) })
    #expect(after.header.marker)
    #expect(after.header.sequence == before.header.sequence &+ 1)
    let elapsed = after.header.timestamp &- before.header.timestamp
    #expect(elapsed >= 8_000 && elapsed <= 8_480)
  }

  @Test func aSecondDialToneReachesThePeerWithoutALine() throws {
    let call = try VirtualCall(bridge: .closed, connects: false)
    let tone = try #require(call.media.clips.tone(.dialTone, of: .plan(of: .japan)))
    call.perform(.playClip(tone.clip, loops: tone.loops, to: .packet))
    call.run(milliseconds: 3_000)
    let heard = call.peerAudio()
    #expect(heard.count >= 23_000)
    #expect(Tone.peak(400, in: heard.suffix(16_000)) > 4_000)
    let total = Tone.rootMeanSquare(heard.suffix(16_000))
    #expect(abs(total * 2.0.squareRoot() - Tone.peak(400, in: heard.suffix(16_000))) < 100, "one tone, no clicks at the joins")
    call.perform(.stopPlaying(.packet))
    let sent = call.heard.count
    call.run(milliseconds: 200)
    #expect(call.heard.count == sent)
  }

  @Test func gainIsApplied() throws {
    let call = try VirtualCall()
    call.perform(.gain(decibels: -6, toward: .packet))
    call.telephoneSays = { Tone.frame(1_000, from: $0) }
    call.run(milliseconds: 600)
    #expect(abs(Tone.peak(1_000, in: call.peerAudio().suffix(1_600)) - 4_009) < 120)
  }

  /// What the configuration says of a line holds from the moment it is connected.
  @Test func aLinesLevelsAreApplied() throws {
    let call = try VirtualCall(connects: false)
    var processing = LineProcessing()
    processing.cancelsEcho = false
    processing.gainFromLine = -6
    processing.gainTowardLine = 6
    call.media.connect(call.call, to: call.audio, plan: Country.japan.tonePlan, processing: processing)
    call.telephoneSays = { Tone.frame(1_000, from: $0) }
    call.peerSays = { Tone.frame(1_000, from: $0) }
    call.run(milliseconds: 800)
    #expect(abs(Tone.peak(1_000, in: call.peerAudio().suffix(1_600)) - 4_009) < 120)
    #expect(abs(Tone.peak(1_000, in: call.telephoneHears.suffix(1_600)) - 15_962) < 480)
  }

  @Test func speechFromTheLineComesToItsLevel() throws {
    let call = try VirtualCall(connects: false)
    var processing = LineProcessing()
    processing.cancelsEcho = false
    processing.levelsFromLine = true
    call.media.connect(call.call, to: call.audio, plan: Country.japan.tonePlan, processing: processing)
    // -28 dBm0, half of each second.
    call.telephoneSays = { Tone.frame(1_000, peak: $0 % 8_000 < 4_000 ? 888 : 0, from: $0) }
    call.run(milliseconds: 12_400)
    #expect(Tone.peak(1_000, in: call.peerAudio().suffix(1_600)) > 888 * 2.5)
  }

  @Test func humIsTakenOut() throws {
    let call = try VirtualCall()
    call.telephoneSays = { Tone.frame(50, peak: 3_000, from: $0) }
    call.run(milliseconds: 800)
    #expect(Tone.peak(50, in: call.peerAudio().suffix(1_600)) < 100)
  }

  @Test func levelsAreMetered() throws {
    let call = try VirtualCall()
    call.telephoneSays = { Tone.frame(1_000, peak: 32_124 / 10, from: $0) }
    call.run(milliseconds: 1_500)
    #expect(abs(call.statistics.levelInDBm0 - (3.17 - 20)) < 0.3)
    #expect(call.statistics.levelOutDBm0 < -60)
  }
}
