import AudioFile
import RealTime

/// The names that recordings have now, so that simultaneous calls of one telephone get names of their own.
///
/// Exchange thread.
final class RecordingNames {
  private var used: Set<String> = []

  init() {}

  /// `path`, or with `-2`, `-3` … before the extension: the first that is not in use.
  func take(_ path: String) -> String {
    var candidate = path
    var number = 2
    while used.contains(candidate) {
      candidate = Self.numbered(path, number)
      number += 1
    }
    used.insert(candidate)
    return candidate
  }

  func release(_ path: String) {
    used.remove(path)
  }

  private static func numbered(_ path: String, _ number: Int) -> String {
    let nameStart = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
    guard let dot = path[nameStart...].lastIndex(of: "."), dot != nameStart else { return "\(path)-\(number)" }
    return "\(path[..<dot])-\(number)\(path[dot...])"
  }
}

/// What one call hears, being written to a WAV; brought up to date every 200 ms, so that it can be read while the call goes on.
final class Recording {
  private static let framesPerFlush = 20

  let path: String
  private(set) var error: AudioFileError?
  private let names: RecordingNames
  private var writer: WAVWriter?
  private var framesWaiting = 0

  init(path: String, names: RecordingNames) throws(AudioFileError) {
    self.names = names
    self.path = names.take(path)
    do throws(AudioFileError) {
      writer = try WAVWriter(path: self.path)
    } catch {
      names.release(self.path)
      throw error
    }
  }

  func append(_ frame: AudioFrame) {
    attempt { writer throws(AudioFileError) in try writer.append(frame.array) }
    framesWaiting += 1
    if framesWaiting >= Self.framesPerFlush { flush() }
  }

  /// Writes what waits and gives the name free; nothing can be added afterwards.
  func close() {
    guard writer != nil else { return }
    flush()
    writer = nil
    names.release(path)
  }

  private func flush() {
    framesWaiting = 0
    attempt { writer throws(AudioFileError) in try writer.flush() }
  }

  /// Keeps the first error; a full disk costs the recording and nothing else.
  private func attempt(_ body: (inout WAVWriter) throws(AudioFileError) -> Void) {
    guard error == nil, var current = writer.take() else { return }
    do throws(AudioFileError) {
      try body(&current)
    } catch {
      self.error = error
    }
    writer = consume current
  }
}
