import AudioFile
import Foundation

/// A place for the recordings of one test, gone when the test is.
package final class RecordingFolder {
  private let path: String

  package init() throws {
    path = NSTemporaryDirectory() + "kakehashi-simulation-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  package func file(_ name: String) -> String { path + "/" + name }

  /// The samples of a WAV.
  package func read(_ name: String) throws -> [Int16] { try WAVReader.read(path: file(name)) }

  package func write(_ samples: [Int16], to name: String) throws {
    var writer = try WAVWriter(path: file(name))
    try writer.append(samples)
    try writer.finish()
  }
}
