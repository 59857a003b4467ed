/// Why the gateway cannot start, or cannot go on.
package struct GatewayError: Error, Sendable, Equatable, CustomStringConvertible {
  package enum Code: String, Sendable {
    /// The state directory cannot be used.
    case state
    /// A listening address, a certificate, or the media address cannot be used.
    case network
    case lines
    case media
    case status
    case system
  }

  package let code: Code
  /// What was wrong, and which key to change where there is one.
  package let description: String

  package init(_ code: Code, _ description: String) {
    self.code = code
    self.description = description
  }
}
