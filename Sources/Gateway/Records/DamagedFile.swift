import Foundation
import GRDB
import Glibc

/// A database that cannot be read any more is set aside, so that a new one can be begun in its place.
enum DamagedFile {
  /// Whether the error says that the file itself is broken, not that it cannot be reached, written or locked now.
  static func isMeant(by error: any Error) -> Bool {
    guard let error = error as? DatabaseError else { return false }
    return [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode)
  }

  /// Renames the file and its journal; the new name.
  static func setAside(_ path: String, at time: Date) throws -> String {
    let stamp = time.formatted(.iso8601.year().month().day().time(includingFractionalSeconds: false)).replacing(":", with: "")
    let kept = "\(path).damaged-\(stamp)"
    try rename(path, to: kept)
    // The journal belongs to the file; its index is made anew by whoever opens it.
    try? rename(path + "-wal", to: kept + "-wal")
    unlink(path + "-shm")
    return kept
  }

  private static func rename(_ path: String, to new: String) throws {
    guard Glibc.rename(path, new) == 0 else {
      throw GatewayError(.state, "\(path) cannot be set aside: \(String(cString: strerror(errno)))")
    }
  }
}
