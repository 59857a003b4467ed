private import Glibc

/// A system call of this module failed.
package struct RealTimeError: Error, Equatable, CustomStringConvertible {
  /// The call.
  package let operation: String
  /// Its errno.
  package let code: Int32

  package init(operation: String, code: Int32) {
    self.operation = operation
    self.code = code
  }

  package var description: String { "\(operation): \(String(cString: strerror(code)))" }
}
