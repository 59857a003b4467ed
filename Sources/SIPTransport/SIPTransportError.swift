import Glibc
import NIOCore
import SIP

/// What the transport could not do.
package struct SIPTransportError: Error, Sendable, CustomStringConvertible {
  package enum Code: String, Sendable, CaseIterable {
    /// A listening address could not be opened.
    case bind
    /// Certificate or key cannot be used.
    case certificate
    /// The name has no address.
    case unresolved
    /// There is no listener, or no connection, that the message could go through.
    case noWay = "no_way"
    /// The peer cannot be reached, or does not answer, or is not who it should be.
    case connect
    case connectionClosed = "connection_closed"
    /// The peer does not read, or too many messages wait for a connection.
    case congested
    case send
  }

  package let code: Code
  /// For the log and the user; names the key to change where there is one.
  package let description: String

  package init(_ code: Code, _ description: String) {
    self.code = code
    self.description = description
  }

  static func bind(_ point: SIPTransportConfiguration.ListenPoint, _ error: any Error) -> SIPTransportError {
    let reason: String
    switch (error as? IOError)?.errnoCode {
    case EADDRINUSE: reason = "is taken; change sip.listen"
    case EADDRNOTAVAIL: reason = "is no address of this machine; change sip.listen"
    case EACCES: reason = "needs a privilege (ports below 1024); change sip.listen"
    case EAFNOSUPPORT: reason = "belongs to an address family this machine does not have; change sip.listen"
    default: reason = "cannot be opened: \(error); change sip.listen"
    }
    return SIPTransportError(.bind, "sip.listen: \(point) \(reason)")
  }
}
