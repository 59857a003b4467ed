import AudioFile
import RealTime

/// Writes what is heard into a file; on the control side.
struct Recorder: ~Copyable {
  private var writer: WAVWriter

  init(path: String) throws(PhoneError) {
    do {
      writer = try WAVWriter(path: path)
    } catch {
      throw PhoneError("\(error)")
    }
  }

  /// Takes all frames that wait.
  mutating func drain(_ frames: borrowing Ring<AudioFrame>) throws(AudioFileError) {
    while let frame = frames.pop() { try writer.append(frame.array) }
  }

  consuming func finish() throws(AudioFileError) { try writer.finish() }
}
