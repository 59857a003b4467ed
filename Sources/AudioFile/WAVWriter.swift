private import Glibc

/// Writes a WAV file of 16-bit PCM, one channel, 8,000 Hz, as the samples come.
///
/// The header is right from the start and is brought up to date each second, so the file can be read at any time, also when
/// the process was killed. Not for a real-time thread: it writes to disk.
package struct WAVWriter: ~Copyable {
  package let path: String
  private let descriptor: Int32
  private var pending: [UInt8] = []
  private var written = 0
  private var untilHeader = 8_000

  private static let headerSize = 44
  /// The most a header can tell, whole samples.
  private static let largestData = Int(UInt32.max) - 44

  /// Creates the file, or empties it.
  package init(path: String) throws(AudioFileError) {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .system(path: path, operation: "create", reason: String(cString: strerror(errno))) }
    try writeHeader()
  }

  deinit {
    Glibc.close(descriptor)
  }

  /// The samples written so far.
  package var count: Int { (written + pending.count) / 2 }

  /// Appends samples.
  package mutating func append(_ samples: some Sequence<Int16>) throws(AudioFileError) {
    let before = pending.count
    for sample in samples {
      let bits = UInt16(bitPattern: sample)
      pending.append(UInt8(truncatingIfNeeded: bits))
      pending.append(UInt8(truncatingIfNeeded: bits >> 8))
    }
    untilHeader -= (pending.count - before) / 2
    if untilHeader <= 0 {
      try flush()
      untilHeader = 8_000
    }
  }

  /// Brings file and header up to date.
  package mutating func flush() throws(AudioFileError) {
    let room = Self.largestData - written
    if pending.count > room { pending.removeLast(pending.count - room) }
    try put(pending, at: Self.headerSize + written)
    written += pending.count
    pending.removeAll(keepingCapacity: true)
    try writeHeader()
  }

  /// Writes what is left and closes the file.
  package consuming func finish() throws(AudioFileError) {
    try flush()
  }

  private func writeHeader() throws(AudioFileError) {
    var header: [UInt8] = []
    header += Array("RIFF".utf8) + Self.octets(UInt32(36 + written), 4) + Array("WAVEfmt ".utf8)
    header += Self.octets(16, 4) + Self.octets(1, 2) + Self.octets(1, 2)
    header += Self.octets(8_000, 4) + Self.octets(16_000, 4) + Self.octets(2, 2) + Self.octets(16, 2)
    header += Array("data".utf8) + Self.octets(UInt32(written), 4)
    try put(header, at: 0)
  }

  private func put(_ bytes: [UInt8], at offset: Int) throws(AudioFileError) {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset + done)) }
      if count < 0 {
        if errno == EINTR { continue }
        throw .system(path: path, operation: "write", reason: String(cString: strerror(errno)))
      }
      done += count
    }
  }

  private static func octets(_ value: UInt32, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) }
  }
}
