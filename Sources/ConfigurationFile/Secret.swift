/// A password or token; it never prints itself.
package struct Secret: Hashable, Sendable {
  /// Where the value was read from.
  package enum Source: Hashable, Sendable {
    case inline
    case file(String)
    case environment(String)
  }

  package let value: String
  package let source: Source

  package init(_ value: String, source: Source = .inline) {
    self.value = value
    self.source = source
  }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// What stands in place of every secret in logs and in `kakehashi config show`.
  package static let mask = "(hidden)"

  package var description: String { Self.mask }
  package var debugDescription: String { Self.mask }
  package var customMirror: Mirror { Mirror(self, children: []) }
}
