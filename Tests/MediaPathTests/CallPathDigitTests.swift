import DSP
import MediaPath
import RTP
import RealTime
import Testing

@Suite("Digits through a call's path")
struct CallPathDigitTests {
  private static let all = "0123456789*#ABCD"

  @Test func eachKeyAtThePeerIsHeardOnceOnTheLine() throws {
    let call = try VirtualCall()
    for digit in Self.all {
      call.pressAtPeer(digit, milliseconds: 100)
      call.run(milliseconds: 100)
    }
    call.run(milliseconds: 500)
    #expect(call.telephoneDigits() == Self.all)
    #expect(call.digitEvents(from: .packet, phase: .begun) == Self.all)
    #expect(call.digitEvents(from: .packet, phase: .ended) == Self.all)
  }

  @Test func fastKeysAreHeardOneByOne() throws {
    let call = try VirtualCall()
    for digit in "11223344" { call.pressAtPeer(digit, milliseconds: 40) }
    call.run(milliseconds: 2_000)
    #expect(call.telephoneDigits() == "11223344")
  }

  @Test func lostPacketsOfAPressDoNotMatter() throws {
    let call = try VirtualCall()
    call.pressAtPeer("5", milliseconds: 100, lose: [0, 1, 5, 6])
    call.run(milliseconds: 300)
    call.pressAtPeer("6", milliseconds: 100, lose: [5, 6, 7])
    call.run(milliseconds: 600)
    #expect(call.telephoneDigits() == "56")
    #expect(call.digitEvents(from: .packet, phase: .ended) == "56")
  }

  @Test func aLongPressSoundsAsLong() throws {
    let call = try VirtualCall()
    call.pressAtPeer("9", milliseconds: 1_000)
    call.run(milliseconds: 300)
    let loud = call.telephoneHears.filter { abs($0) > 1_000 }.count
    #expect(abs(Double(loud) / 8 - 900) < 150)
    guard case .digit(_, _, _, let milliseconds)? = call.events.last?.kind else {
      Issue.record("no digit told")
      return
    }
    #expect(milliseconds == 1_000)
  }

  @Test func keysBeforeTheAnswerDoNotSoundOnTheLine() throws {
    let call = try VirtualCall(bridge: .listen)
    call.pressAtPeer("5", milliseconds: 100)
    call.run(milliseconds: 300)
    #expect(call.telephoneDigits() == "")
    #expect(call.digitEvents(from: .packet, phase: .ended) == "5")
  }

  @Test func eachKeyAtTheTelephoneArrivesOnceAsAnEvent() throws {
    let call = try VirtualCall()
    try key(Self.all, on: call)
    #expect(call.peerDigits == Self.all)
    #expect(call.digitEvents(from: .line, phase: .begun) == Self.all)
    #expect(call.digitEvents(from: .line, phase: .ended) == Self.all)
    let ends = call.heard.filter { $0.header.payloadType == VirtualCall.eventType && $0.event?.isEnd == true }
    #expect(ends.count == 3 * Self.all.count)
    for end in ends { #expect(abs(Int(end.event?.duration ?? 0) / 8 - 80) <= 50) }
  }

  @Test func littleOfTheToneLeaksBesideItsEvent() throws {
    let call = try VirtualCall()
    try key("5", on: call)
    let audio = call.peerAudio()
    let leaked = audio.filter { abs($0) > 1_000 }.count
    #expect(leaked <= 8 * 45, "\(leaked / 8) ms")
  }

  @Test func withoutTelephoneEventsTheToneGoesThroughAsAudio() throws {
    let call = try VirtualCall { $0.telephoneEventPayloadType = nil }
    try key("5", on: call)
    #expect(call.peerDigits == "")
    #expect(call.peerAudio().filter { abs($0) > 1_000 }.count > 8 * 60)
  }

  @Test func sequenceNumbersRunOnThroughEvents() throws {
    let call = try VirtualCall()
    try key("12", on: call)
    for (one, next) in zip(call.heard, call.heard.dropFirst()) { #expect(next.header.sequence == one.header.sequence &+ 1) }
  }

  @Test func theLinesEchoOfOurOwnToneIsNoKey() throws {
    let call = try VirtualCall()
    var line: [Int16] = Array(repeating: 0, count: 160)
    // The hybrid gives a quarter of what the line hears back, 20 ms later.
    call.telephoneSays = { [unowned call] start in
      line = call.telephoneHears.suffix(240).map { $0 / 4 }
      return AudioFrame(line.prefix(80))
    }
    for digit in "159#" {
      call.pressAtPeer(digit, milliseconds: 120)
      call.run(milliseconds: 120)
    }
    call.run(milliseconds: 500)
    #expect(call.telephoneDigits() == "159#")
    #expect(call.digitEvents(from: .line, phase: .begun) == "")
    #expect(call.peerDigits == "")
  }

  @Test func dialsANumberAndTellsWhenDone() throws {
    let call = try VirtualCall(bridge: .closed)
    call.perform(.dial(DigitString("0333331234"), toneMilliseconds: 80, gapMilliseconds: 80))
    call.run(milliseconds: 1_550)
    #expect(!call.events.contains { if case .dialled = $0.kind { true } else { false } })
    call.run(milliseconds: 100)
    #expect(call.events.contains { if case .dialled = $0.kind { true } else { false } })
    #expect(call.telephoneDigits() == "0333331234")
  }

  @Test func controlKeysDigitsToEitherSide() throws {
    let call = try VirtualCall()
    call.perform(.sendDigit(UInt8(ascii: "7"), to: .line, milliseconds: 160))
    call.perform(.sendDigit(UInt8(ascii: "8"), to: .packet, milliseconds: 160))
    call.run(milliseconds: 600)
    #expect(call.telephoneDigits() == "7")
    #expect(call.peerDigits == "8")
  }

  /// Keys the digits at the telephone, 80 ms each with 80 ms between.
  private func key(_ digits: String, on call: VirtualCall) throws {
    var generator = DTMFGenerator()
    generator.enqueue(digits: digits)
    var keyed: [Int16] = Array(repeating: 0, count: 8_000)
    var frame = AudioFrame()
    while generator.render(into: &frame) {
      keyed.append(contentsOf: frame.array)
      frame = AudioFrame()
    }
    call.telephoneSays = { $0 + 80 <= keyed.count ? AudioFrame(keyed[$0..<($0 + 80)]) : AudioFrame() }
    call.run(milliseconds: keyed.count / 8 + 500)
  }
}
