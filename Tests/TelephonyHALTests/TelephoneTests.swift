import AudioFile
import Foundation
import Numbering
import TelephonyHAL
import Testing

@Suite struct TelephoneTests {
  typealias Configuration = SimulatorConfiguration

  /// A folder that is gone at the end of the test.
  private final class Folder {
    let path: String

    init() throws {
      path = FileManager.default.temporaryDirectory.appendingPathComponent("telephone-\(UUID().uuidString)").path
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { "\(path)/\(name)" }
    var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }
  }

  private func wav(_ samples: [Int16], rate: Int = 8_000) -> Data {
    var data = Data()
    func number(_ value: Int, _ size: Int) { for index in 0..<size { data.append(UInt8((value >> (8 * index)) & 0xFF)) } }
    data.append(contentsOf: Array("RIFF".utf8))
    number(36 + samples.count * 2, 4)
    data.append(contentsOf: Array("WAVEfmt ".utf8))
    for (value, size) in [(16, 4), (1, 2), (1, 2), (rate, 4), (rate * 2, 4), (2, 2), (16, 2)] { number(value, size) }
    data.append(contentsOf: Array("data".utf8))
    number(samples.count * 2, 4)
    for sample in samples { number(Int(UInt16(bitPattern: sample)), 2) }
    return data
  }

  private func samples(of path: String) -> [Int16]? { try? WAVReader.read(path: path) }

  @Test func itSpeaksItsFileAndRecordsWhatItHears() throws {
    let folder = try Folder()
    let speech = whiteNoise(count: 16_000, amplitude: 6_000)
    try wav(speech).write(to: URL(fileURLWithPath: folder.file("speech.wav")))
    var line = Configuration.Line.transparent
    line.lossDecibels = 6
    let phone = Configuration.Phone(
      number: "0398765432", answersAfterMilliseconds: 500, says: .file(folder.file("speech.wav")), records: folder.file("heard.wav"))
    let bench = try ExchangeBench(.example(line: line, more: [phone]))
    bench.dial("0398765432")
    #expect(bench.wait(for: .polarityReversed, within: 3_000) != nil)
    let song = whiteNoise(count: 16_000, amplitude: 5_000, seed: 3)
    bench.line.say(song)
    bench.run(3_000)
    // Once, then silence; 6 dB weaker; companded, so alike but not the same.
    let said = AudioComparison.compare(heard: bench.line.heard, source: speech)
    #expect(said.correlation > 0.999)
    #expect(abs(said.heardLevel - said.sourceLevel + 6) < 0.2)
    #expect(level(bench.line.heard.suffix(4_000)) < -90)
    bench.line.line.perform(.hangUp)
    bench.run(500)
    let heard = try #require(samples(of: folder.file("heard.wav")))
    #expect(abs(heard.count - 8 * 3_400) <= 800)
    #expect(AudioComparison.compare(heard: heard, source: song).correlation > 0.999)
    #expect(abs(level(heard[2_000..<14_000]) - level(song) + 6) < 0.2)
    #expect(bench.exchange.control.state(of: "0398765432")?.calls.first?.recording == folder.file("heard.wav"))
  }

  @Test func simultaneousCallsRecordIntoFilesOfTheirOwn() throws {
    let folder = try Folder()
    let phone = Configuration.Phone(number: "0398765432", answersAfterMilliseconds: 200, records: folder.file("heard.wav"))
    let bench = try ExchangeBench(.example(more: [phone]), lineCount: 3)
    for (index, line) in bench.lines.enumerated() {
      bench.dial("0398765432", on: line)
      bench.run(1_000)
      line.say(sine(Double(500 + 300 * index), count: 200_000, dbm0: -10))
    }
    #expect(folder.names == ["heard-2.wav", "heard-3.wav", "heard.wav"])
    bench.run(400)
    // It can be read while the call goes on.
    #expect((samples(of: folder.file("heard-2.wav"))?.count ?? 0) > 8_000)
    bench.lines[0].line.perform(.hangUp)
    bench.run(500)
    let first = try #require(samples(of: folder.file("heard.wav")))
    #expect(toneLevel(first.suffix(8_000).prefix(4_000), at: 500) > -11)
    // The name is free again, half a second after the hang-up.
    bench.run(1_500)
    bench.dial("0398765432", on: bench.lines[0])
    bench.run(1_500)
    #expect(folder.names == ["heard-2.wav", "heard-3.wav", "heard.wav"])
    #expect((samples(of: folder.file("heard.wav"))?.count ?? .max) < first.count)
    let third = try #require(samples(of: folder.file("heard-3.wav")))
    #expect(toneLevel(third.suffix(4_000), at: 1_100) > -11)
  }

  @Test func aRecordingThatCannotBeWrittenIsToldAndCostsNothing() throws {
    let phone = Configuration.Phone(number: "0398765432", answersAfterMilliseconds: 200, records: "/nonexistent/heard.wav")
    let bench = try ExchangeBench(.example(more: [phone]))
    bench.dial("0398765432")
    bench.run(2_000)
    let call = try #require(bench.exchange.control.state(of: "0398765432")?.calls.first)
    #expect(call.phase == .talking)
    #expect(call.recordingError?.contains("/nonexistent/heard.wav") == true)
  }

  @Test func aFileOfTheWrongKindIsRefusedAtTheStart() throws {
    let folder = try Folder()
    try wav([1, 2, 3], rate: 44_100).write(to: URL(fileURLWithPath: folder.file("wrong.wav")))
    try Data("RIFF".utf8).write(to: URL(fileURLWithPath: folder.file("torn.wav")))
    for name in ["wrong.wav", "torn.wav", "missing.wav"] {
      let phone = Configuration.Phone(number: "1", says: .file(folder.file(name)))
      let error = #expect(throws: SimulatorError.self) { try ExchangeBench(.example(more: [phone])) }
      #expect(error?.description.contains(name) == true)
    }
  }

  @Test func twoTelephonesOfOneNumberAndUnknownLinesAreRefused() {
    let twice = Configuration.Phone(number: Configuration.busy)
    #expect(throws: SimulatorError.self) { try ExchangeBench(.example(more: [twice])) }
    let astray = Configuration.Phone(number: "1", calls: "line9")
    #expect(throws: SimulatorError.self) { try ExchangeBench(.example(more: [astray])) }
  }

  @Test func itKeysItsDigitsOnce() throws {
    let phone = Configuration.Phone(number: "0398765432", answersAfterMilliseconds: 500, keys: "159#", keysAfterMilliseconds: 2_000)
    let bench = try ExchangeBench(.example(line: .init(), more: [phone]))
    bench.dial("0398765432")
    #expect(bench.wait(for: .polarityReversed, within: 3_000) != nil)
    bench.line.forgetAudio()
    bench.run(1_900)
    #expect(bench.line.digitsHeard.isEmpty)
    bench.run(2_000)
    #expect(bench.line.digitsHeard == "159#")
    #expect(bench.exchange.control.state(of: "0398765432")?.calls.first?.keyedDigits == "159#")
  }

  @Test func itHearsEachPressOnce() throws {
    let bench = try ExchangeBench(.example(line: .init()))
    bench.dial(Configuration.speaking)
    #expect(bench.wait(for: .polarityReversed, within: 3_000) != nil)
    bench.line.key("0123456789*#ABCD11")
    bench.run(5_000)
    #expect(bench.exchange.control.state(of: Configuration.speaking)?.calls.first?.heardDigits == "0123456789*#ABCD11")
  }

  @Test func itEchoesWhatItHears() throws {
    let bench = try ExchangeBench(.example())
    bench.dial(Configuration.echoing)
    #expect(bench.wait(for: .polarityReversed, within: 3_000) != nil)
    bench.line.forgetAudio()
    bench.line.say(sine(1_234, count: 8_000, dbm0: -20))
    bench.run(900)
    #expect(abs(toneLevel(bench.line.heard.suffix(4_000), at: 1_234) + 20) < 0.2)
    let call = try #require(bench.exchange.control.state(of: Configuration.echoing)?.calls.first)
    #expect(abs(call.levelDBm0 + 20) < 0.5)
    #expect(abs(call.peakDBm0 + 20) < 0.5)
  }

  @Test func itDoesWhatItIsTold() throws {
    let bench = try ExchangeBench(.example())
    let control = bench.exchange.control
    bench.dial(Configuration.silent)
    bench.run(3_000)
    #expect(control.state(of: Configuration.silent)?.calls.first?.phase == .ringing)
    control.perform(.answer(number: Configuration.silent))
    #expect(bench.wait(for: .polarityReversed, within: 100) != nil)
    control.perform(.key(number: Configuration.silent, digits: "42"))
    bench.line.forgetAudio()
    bench.run(600)
    #expect(bench.line.digitsHeard == "42")
    control.perform(.hangUp(number: Configuration.silent))
    #expect(bench.wait(for: .loopBroken(milliseconds: 250), within: 1_000) != nil)
    #expect(control.state(of: Configuration.silent)?.calls.first?.end == .telephone)
    #expect(control.state(of: "nobody") == nil)
    #expect(control.states.count == 4)
  }
}
