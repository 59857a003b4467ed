import DSP
import Foundation
import MediaPath
import RTP
import RealTime
import Testing

@Suite("Codecs with state through a call's path")
struct CallPathCodecTests {
  private static func call(_ codec: PathDescription.Codec, _ describe: (inout PathDescription) -> Void = { _ in }) throws -> VirtualCall {
    try VirtualCall {
      $0.codec = codec
      $0.payloadType = codec == .opus ? 111 : 9
      $0.packetMilliseconds = codec == .opus ? 40 : 20
      $0.eventClockRate = codec == .opus ? 48_000 : 8_000
      describe(&$0)
    }
  }

  /// Vowels of two formants on a pitch that changes, with pauses: what a codec takes for speech.
  private static let speech: [Int16] = {
    var samples: [Int16] = []
    var state: UInt64 = 7
    var low = (0.0, 0.0)
    var high = (0.0, 0.0)
    while samples.count < 80_000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let pitch = 55 + Int(state >> 59)
      let isVowel = state >> 40 & 3 != 0
      let formants = (0.2 + Double(state >> 33 & 63) / 128, 0.9 + Double(state >> 20 & 63) / 72)
      for index in 0..<1_300 {
        let pulse = isVowel && index % pitch == 0 ? 3_000.0 : 0
        low = (pulse + 1.9 * cos(formants.0) * low.0 - 0.94 * low.1, low.0)
        high = (low.0 * 0.4 + 1.8 * cos(formants.1) * high.0 - 0.85 * high.1, high.0)
        samples.append(Int16(max(-32_000, min(32_000, high.0 * 0.5))))
      }
    }
    return samples
  }()

  /// The peer says a tone, in packets of the path's own length.
  private static func speak(
    _ call: VirtualCall, _ codec: inout StreamCodec, frames: Int, seconds: Int, loses: (Int) -> Bool = { _ in false },
    says: (Int) -> AudioFrame = { Tone.frame(700, from: $0) }
  ) {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 500, alignment: 16)
    defer { memory.deallocate() }
    for number in 0..<seconds * 100 / frames {
      for part in 0..<frames { codec.collect(says((number * frames + part) * 80), at: part) }
      let payload = Array(memory[..<codec.encode(frames: frames, into: memory)])
      if loses(number) {
        call.peerSequence &+= 1
      } else {
        call.sendRTP(type: codec.kind == .opus ? 111 : 9, timestamp: call.peerTimestamp, payload: payload)
      }
      call.peerTimestamp &+= UInt32(frames * 80 * codec.kind.unitsPerSample)
      call.run(milliseconds: frames * 10)
    }
  }

  @Test(arguments: [(PathDescription.Codec.opus, StreamCodecKind.opus, 4), (.g722, .g722, 2)])
  func aToneReachesTheLineOverTheWrapOfTheTimeStamps(codec: PathDescription.Codec, kind: StreamCodecKind, frames: Int) throws {
    let call = try Self.call(codec)
    var peer = StreamCodec(kind)
    peer.configure(OpusTerms())
    Self.speak(call, &peer, frames: frames, seconds: 4)
    let heard = call.telephoneHears.suffix(8_000)
    #expect(abs(Tone.peak(700, in: heard) - 8_000) < 900, "\(Tone.peak(700, in: heard))")
    #expect(call.statistics.packetsLost == 0 && call.statistics.packetsLate == 0)
    #expect(call.statistics.concealedMilliseconds < 60, "\(call.statistics.concealedMilliseconds)")
    #expect(call.statistics.jitterMilliseconds < 1)
  }

  @Test func lossIsRepairedOnTheWayToTheLine() throws {
    let call = try Self.call(.opus)
    var peer = StreamCodec(.opus)
    peer.configure(OpusTerms())
    Self.speak(call, &peer, frames: 4, seconds: 8, loses: { $0 % 10 == 9 }, says: { AudioFrame(Array(Self.speech[$0..<$0 + 80])) })
    #expect(call.statistics.packetsLost >= 18)
    #expect(call.statistics.concealedMilliseconds < 300, "\(call.statistics.concealedMilliseconds) of 800")
  }

  @Test(arguments: [(PathDescription.Codec.opus, StreamCodecKind.opus, UInt32(1_920)), (.g722, .g722, 160)])
  func aToneReachesThePeer(codec: PathDescription.Codec, kind: StreamCodecKind, step: UInt32) throws {
    let call = try Self.call(codec)
    call.telephoneSays = { Tone.frame(700, from: $0) }
    call.run(milliseconds: 3_000)
    #expect(call.heard.count > (codec == .opus ? 72 : 146))
    for (one, next) in zip(call.heard, call.heard.dropFirst()) { #expect(next.header.timestamp == one.header.timestamp &+ step) }
    var receiver = StreamCodec(kind)
    var buffer = JitterBuffer()
    var samples: [Int16] = []
    for (number, packet) in call.heard.enumerated() {
      let now = MediaTime.milliseconds(number * Int(step) / (codec == .opus ? 48 : 8))
      packet.payload.withUnsafeBytes {
        _ = receiver.insert(
          $0, sequence: Int64(number), timestamp: Int64(number) * Int64(codec == .opus ? 320 : 160), marker: false, arrival: now,
          buffer: &buffer)
      }
      for tick in 0..<(codec == .opus ? 4 : 2) {
        var frame = AudioFrame()
        receiver.fill(&buffer)
        buffer.pull(into: &frame, now: now + .milliseconds(tick * 10 + 1))
        samples += frame.array
      }
    }
    #expect(abs(Tone.peak(700, in: samples.suffix(8_000)) - 8_000) < 900)
  }

  @Test func eventsCountInTheCodecsClock() throws {
    let call = try Self.call(.opus)
    call.run(milliseconds: 200)
    call.perform(.sendDigit(UInt8(ascii: "5"), to: .packet, milliseconds: 100))
    call.run(milliseconds: 400)
    let durations = call.heard.compactMap { $0.header.payloadType == VirtualCall.eventType ? $0.event?.duration : nil }
    #expect(durations.max() == 4_800 && call.peerDigits == "5", "\(durations)")
    for duration in [960, 1_920, 2_880, 4_800] {
      var payload = [UInt8](repeating: 0, count: 4)
      let event = TelephoneEventPayload(event: 7, isEnd: duration == 4_800, volume: 10, duration: UInt16(duration))
      _ = payload.withUnsafeMutableBytes { event.write(into: $0) }
      call.sendRTP(type: VirtualCall.eventType, timestamp: call.peerTimestamp, payload: payload)
      call.run(milliseconds: 20)
    }
    let told = call.events.compactMap { event -> Int? in
      guard case .digit(UInt8(ascii: "7"), .packet, .ended, let milliseconds) = event.kind else { return nil }
      return milliseconds
    }
    #expect(told == [100])
  }

  @Test func anotherCodecInMidCall() throws {
    let call = try VirtualCall()
    call.peerSays = { Tone.frame(700, from: $0) }
    call.run(milliseconds: 500)
    call.peerSays = nil
    call.configure {
      $0.codec = .opus
      $0.payloadType = 111
      $0.packetMilliseconds = 40
    }
    var peer = StreamCodec(.opus)
    peer.configure(OpusTerms())
    Self.speak(call, &peer, frames: 4, seconds: 2)
    #expect(abs(Tone.peak(700, in: call.telephoneHears.suffix(8_000)) - 8_000) < 900)
    call.configure()
    call.peerSays = { Tone.frame(900, from: $0) }
    call.run(milliseconds: 2_000)
    #expect(abs(Tone.peak(900, in: call.telephoneHears.suffix(8_000)) - 8_000) < 300)
    #expect(call.heard.last?.payload.count == 160)
  }
}
