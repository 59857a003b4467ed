import AudioFile
import Glibc
import Testing

struct WAVTests {
  private func temporaryPath() -> String {
    "/tmp/kakehashi-wav-\(getpid())-\(UInt64.random(in: 0...UInt64.max)).wav"
  }

  private func octets(_ value: UInt32, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) }
  }

  private func file(
    coding: UInt32 = 1, channels: UInt32 = 1, rate: UInt32 = 8_000, bits: UInt32 = 16, extra: [UInt8] = [], dataSize: UInt32? = nil,
    samples: [Int16] = [1, -2, 300]
  ) -> [UInt8] {
    let data = samples.flatMap { octets(UInt32(UInt16(bitPattern: $0)), 2) }
    let format = octets(coding, 2) + octets(channels, 2) + octets(rate, 4) + octets(rate * 2, 4) + octets(2, 2) + octets(bits, 2)
    return Array("RIFF".utf8) + octets(0, 4) + Array("WAVEfmt ".utf8) + octets(16, 4) + format + extra + Array("data".utf8)
      + octets(dataSize ?? UInt32(data.count), 4) + data
  }

  private func error(_ bytes: [UInt8]) -> AudioFileError? {
    do throws(AudioFileError) {
      _ = try WAVReader.parse(bytes, name: "a.wav")
      return nil
    } catch {
      return error
    }
  }

  @Test func whatIsWrittenIsRead() throws {
    let path = temporaryPath()
    defer { unlink(path) }
    var writer = try WAVWriter(path: path)
    let samples = (0..<20_000).map { Int16(truncatingIfNeeded: $0 * 31) }
    for start in stride(from: 0, to: samples.count, by: 80) { try writer.append(samples[start..<min(start + 80, samples.count)]) }
    #expect(writer.count == 20_000)
    try writer.finish()
    #expect(try WAVReader.read(path: path) == samples)
  }

  @Test func aFileThatIsBeingWrittenCanBeRead() throws {
    let path = temporaryPath()
    defer { unlink(path) }
    var writer = try WAVWriter(path: path)
    #expect(throws: AudioFileError.empty(path: path)) { try WAVReader.read(path: path) }
    try writer.append([Int16](repeating: 5, count: 12_000))
    #expect(try WAVReader.read(path: path).count == 12_000)
    try writer.append([1])
    #expect(try WAVReader.read(path: path).count == 12_000)
    try writer.finish()
    #expect(try WAVReader.read(path: path).count == 12_001)
  }

  @Test func saysWhichFieldIsWrong() {
    #expect(error(file(rate: 44_100)) == .format(path: "a.wav", field: "rate", found: 44_100, expected: 8_000))
    #expect(error(file(rate: 44_100))?.description == "a.wav: rate 44100, expected 8000")
    #expect(error(file(coding: 7))?.description == "a.wav: coding 7, expected 1")
    #expect(error(file(channels: 2))?.description == "a.wav: channels 2, expected 1")
    #expect(error(file(bits: 8))?.description == "a.wav: bits a sample 8, expected 16")
    #expect(error([])?.description == "a.wav: not a WAV file: 0 octets, expected at least 12")
    #expect(error(Array("OggSxxxxyyyyzzzz".utf8)) == .notWAV(path: "a.wav", found: "begins with OggS … yyyy, expected RIFF … WAVE"))
    #expect(error(file(samples: [])) == .empty(path: "a.wav"))
  }

  @Test func missingFilesAreNamed() {
    #expect(throws: AudioFileError.system(path: "/nonexistent/a.wav", operation: "open", reason: "No such file or directory")) {
      try WAVReader.read(path: "/nonexistent/a.wav")
    }
    #expect(throws: AudioFileError.self) { _ = try WAVWriter(path: "/nonexistent/a.wav").count }
  }

  @Test func otherChunksAndWrongSizesAreTolerated() throws {
    let list = Array("LIST".utf8) + octets(3, 4) + [1, 2, 3, 0]
    #expect(try WAVReader.parse(file(extra: list), name: "a") == [1, -2, 300])
    #expect(try WAVReader.parse(file(dataSize: 0xFFFF_FFFF), name: "a") == [1, -2, 300])
    #expect(try WAVReader.parse(file(dataSize: 0), name: "a") == [1, -2, 300])
    #expect(try WAVReader.parse(file(dataSize: 4), name: "a") == [1, -2])
    #expect(try WAVReader.parse(Array(file().dropLast()), name: "a") == [1, -2])
  }

  @Test func anyCutGivesSamplesOrAnError() {
    let whole = file(extra: Array("LIST".utf8) + octets(2, 4) + [1, 2])
    for count in 0...whole.count { _ = error(Array(whole.prefix(count))) }
    #expect(error(Array(whole.prefix(whole.count - 6))) == .empty(path: "a.wav"))
    #expect(error(Array(whole.prefix(30))) != nil)
  }
}
