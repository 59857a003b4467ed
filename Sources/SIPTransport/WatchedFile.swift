import Foundation

/// What tells one state of a file from another; nil: there is no such file.
struct FileStamp: Hashable, Sendable {
  private let modified: Date
  private let number: Int

  init?(_ path: String) {
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: path), let modified = attributes[.modificationDate] as? Date
    else { return nil }
    self.modified = modified
    number = attributes[.systemFileNumber] as? Int ?? 0
  }
}

/// A small text file that somebody else may change.
struct WatchedFile {
  private let path: String
  private var stamp: FileStamp?
  private var hasLooked = false

  init(_ path: String) { self.path = path }

  /// The text when it is another than last time; empty when the file is gone.
  mutating func changedText() -> String? {
    let current = FileStamp(path)
    if hasLooked, current == stamp { return nil }
    hasLooked = true
    stamp = current
    guard current != nil, let data = FileManager.default.contents(atPath: path) else { return "" }
    return String(decoding: data.prefix(1 << 20), as: UTF8.self)
  }
}
