/// Why a file could not be read or written.
package enum AudioFileError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The system said no: what was tried, and its reason.
  case system(path: String, operation: String, reason: String)
  /// The bytes are no WAV file.
  case notWAV(path: String, found: String)
  /// A WAV file of another format than 16-bit PCM, one channel, 8,000 Hz.
  case format(path: String, field: String, found: Int, expected: Int)
  /// There is no audio in it.
  case empty(path: String)

  package var description: String {
    switch self {
    case .system(let path, let operation, let reason): "\(path): cannot \(operation): \(reason)"
    case .notWAV(let path, let found): "\(path): not a WAV file: \(found)"
    case .format(let path, let field, let found, let expected): "\(path): \(field) \(found), expected \(expected)"
    case .empty(let path): "\(path): no audio in it"
    }
  }
}
