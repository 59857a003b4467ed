import ArgumentParser
import Foundation
import Glibc

/// Standard output and error, unbuffered.
enum Terminal {
  static var isInteractive: Bool { isatty(STDOUT_FILENO) == 1 }

  /// False too where NO_COLOR is set (no-color.org).
  static var isColoured: Bool {
    let refusal = ProcessInfo.processInfo.environment["NO_COLOR"] ?? ""
    return isInteractive && refusal.isEmpty
  }

  /// COLUMNS of the environment where standard output is no terminal; 80 where the size is not known.
  static var columns: Int {
    if !isInteractive, let text = ProcessInfo.processInfo.environment["COLUMNS"], let number = Int(text), 20...1000 ~= number {
      return number
    }
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  static func write(_ text: String) { try? FileHandle.standardOutput.write(contentsOf: Data(text.utf8)) }
  static func writeLine(_ text: String) { write(text + "\n") }
  static func writeError(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data("\(text)\n".utf8)) }

  /// Says why, for exit code 1.
  static func failure(_ reason: String) -> ExitCode {
    writeError("kakehashi: \(reason)")
    return .failure
  }
}

/// Exit codes beyond ArgumentParser's (64 for usage).
enum ExitCodes {
  /// EX_CONFIG of sysexits.h.
  static let configuration = ExitCode(78)
}
