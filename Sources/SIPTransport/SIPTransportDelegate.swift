package import Protection
package import SIP

/// Receives what the network brings; every function is called on the transport's event loop.
package protocol SIPTransportDelegate: AnyObject {
  func transport(_ transport: SIPTransport, received message: SIPMessage, on flow: Flow)
  /// Bytes that are no message; an answer may be transmitted on the flow.
  func transport(_ transport: SIPTransport, receivedUnparsable error: SIPParseError, on flow: Flow)
  /// A connection was opened for a message that was to go to an address.
  func transport(_ transport: SIPTransport, opened flow: Flow, for destination: Destination)
  /// A connection is gone; nothing comes on the flow any more.
  func transport(_ transport: SIPTransport, closed flow: Flow)
  /// A lone line end on a connection that we opened: the answer to `keepAlive`.
  func transport(_ transport: SIPTransport, pongOn flow: Flow)
  /// A source will not be heard for a time; told once for each ban, with the address that was the last straw.
  func transport(_ transport: SIPTransport, banned ban: Ban, host: String)
  /// Never called from within `transmit`, but later.
  func transport(_ transport: SIPTransport, couldNotSend message: SIPMessage, to destination: Destination, because error: SIPTransportError)
}

extension SIPTransportDelegate {
  package func transport(_ transport: SIPTransport, opened flow: Flow, for destination: Destination) {}
  package func transport(_ transport: SIPTransport, banned ban: Ban, host: String) {}
  package func transport(_ transport: SIPTransport, pongOn flow: Flow) {}
}
