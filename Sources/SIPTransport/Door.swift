package import Protection
package import SIP

/// Who is let in: what protection has learned, and the networks that it never looks at.
///
/// An object, so that its tables are changed in place and never copied. It may only be used on the transport's event loop; that is what
/// makes it sendable.
package final class Door: @unchecked Sendable {
  package var protection: Protection
  package var trusted: [IPNetwork]

  package init(_ protection: Protection, trusted: [IPNetwork] = []) {
    self.protection = protection
    self.trusted = trusted
  }

  func trusts(_ host: String) -> Bool {
    guard !trusted.isEmpty, let address = IPAddress(host) else { return false }
    return trusted.contains { $0.contains(address) }
  }
}
