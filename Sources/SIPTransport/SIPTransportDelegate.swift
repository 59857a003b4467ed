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
  /// Never called from within `transmit`, but later.
  func transport(_ transport: SIPTransport, couldNotSend message: SIPMessage, to destination: Destination, because error: SIPTransportError)
}

extension SIPTransportDelegate {
  package func transport(_ transport: SIPTransport, opened flow: Flow, for destination: Destination) {}
}
