import AudioFile
import ConfigurationFile
import MediaPath

/// What lines hear on hold, each file read once.
///
/// One thread at a time.
final class HoldClips: @unchecked Sendable {
  private let store: AudioClipStore
  private var read: [String: AudioClip] = [:]

  init(_ store: AudioClipStore) { self.store = store }

  /// nil: comfort noise.
  ///
  /// Blocks on the disk where the file is new.
  func clip(for hold: GatewayConfiguration.Hold) throws(GatewayError) -> AudioClip? {
    guard case .file(let path) = hold else { return nil }
    if let clip = read[path] { return clip }
    do throws(AudioFileError) {
      let clip = store.add(try WAVReader.read(path: path))
      read[path] = clip
      return clip
    } catch {
      throw GatewayError(.media, "media.hold: \(error)")
    }
  }
}
