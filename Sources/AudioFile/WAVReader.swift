private import Glibc

/// Reads WAV files of 16-bit PCM, one channel, 8,000 Hz.
///
/// Other chunks are passed over. A file that was cut off, or whose writer never put the sizes in, gives the audio that is
/// there.
package enum WAVReader {
  /// The samples of a file.
  ///
  /// Blocks; control side only.
  package static func read(path: String) throws(AudioFileError) -> [Int16] {
    try parse(try bytes(of: path), name: path)
  }

  /// The samples of a file's bytes; `name` is used in errors.
  package static func parse(_ bytes: [UInt8], name: String) throws(AudioFileError) -> [Int16] {
    guard bytes.count >= 12 else { throw .notWAV(path: name, found: "\(bytes.count) octets, expected at least 12") }
    guard text(bytes, at: 0) == "RIFF", text(bytes, at: 8) == "WAVE" else {
      throw .notWAV(path: name, found: "begins with \(text(bytes, at: 0)) … \(text(bytes, at: 8)), expected RIFF … WAVE")
    }
    var offset = 12
    var hasFormat = false
    while offset + 8 <= bytes.count {
      let kind = text(bytes, at: offset)
      let size = Int(number(bytes, at: offset + 4, octets: 4))
      let start = offset + 8
      let end = min(start + size, bytes.count)
      if kind == "fmt " {
        try checkFormat(bytes, from: start, to: end, name: name)
        hasFormat = true
      } else if kind == "data" {
        guard hasFormat else { throw .notWAV(path: name, found: "data before the format chunk") }
        // A size of 0 as the last chunk is that of a writer that was killed.
        let last = size == 0 ? bytes.count : end
        return try samples(bytes, from: start, to: last, name: name)
      }
      offset = start + size + (size & 1)
    }
    throw .notWAV(path: name, found: hasFormat ? "no data chunk" : "no format chunk")
  }

  private static func checkFormat(_ bytes: [UInt8], from start: Int, to end: Int, name: String) throws(AudioFileError) {
    guard end - start >= 16 else { throw .notWAV(path: name, found: "format chunk of \(end - start) octets, expected 16") }
    var coding = number(bytes, at: start, octets: 2)
    // The extensible form names the coding at the head of its sub-format.
    if coding == 0xFFFE, end - start >= 26 { coding = number(bytes, at: start + 24, octets: 2) }
    let fields: [(String, Int, Int)] = [
      ("coding", Int(coding), 1),
      ("channels", Int(number(bytes, at: start + 2, octets: 2)), 1),
      ("rate", Int(number(bytes, at: start + 4, octets: 4)), 8_000),
      ("bits a sample", Int(number(bytes, at: start + 14, octets: 2)), 16),
    ]
    for (field, found, expected) in fields where found != expected {
      throw .format(path: name, field: field, found: found, expected: expected)
    }
  }

  private static func samples(_ bytes: [UInt8], from start: Int, to end: Int, name: String) throws(AudioFileError) -> [Int16] {
    let count = (end - start) / 2
    guard count > 0 else { throw .empty(path: name) }
    return (0..<count).map { Int16(bitPattern: UInt16(number(bytes, at: start + 2 * $0, octets: 2))) }
  }

  /// Little-endian; the caller has checked that the octets are there.
  private static func number(_ bytes: [UInt8], at offset: Int, octets: Int) -> UInt32 {
    var value: UInt32 = 0
    for index in 0..<octets { value |= UInt32(bytes[offset + index]) << UInt32(8 * index) }
    return value
  }

  private static func text(_ bytes: [UInt8], at offset: Int) -> String {
    String(decoding: bytes[offset..<offset + 4], as: UTF8.self)
  }

  private static func bytes(of path: String) throws(AudioFileError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(path: path, operation: "open", reason: String(cString: strerror(errno))) }
    defer { close(descriptor) }
    var all: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Glibc.read(descriptor, &part, part.count)
      if count < 0 {
        if errno == EINTR { continue }
        throw .system(path: path, operation: "read", reason: String(cString: strerror(errno)))
      }
      if count == 0 { return all }
      all += part[0..<count]
    }
  }
}
