/// A MESSAGE, coming or going (RFC 3428).
package struct MessageID: Hashable, Sendable, CustomStringConvertible {
  package let rawValue: UInt64

  package init(rawValue: UInt64) { self.rawValue = rawValue }

  package var description: String { "message \(rawValue)" }
}

/// A MESSAGE that was let in; `UserAgent.answerMessage` answers it, or it is refused with 480 after 20 s.
package struct IncomingMessage: Sendable {
  package var requestURI: SIPURI
  package var from: NameAddress
  package var to: NameAddress
  /// `type/subtype` in lower case, with parameters as the peer wrote them.
  package var contentType: String
  package var body: [UInt8]
  package var identity: PeerIdentity
  package var flow: Flow
  /// The call it belongs to; nil: none.
  package var leg: LegID?
}

/// A MESSAGE to be sent outside any call.
package struct OutgoingMessage: Sendable {
  /// The request URI.
  package var uri: SIPURI
  /// Sender, without tag.
  package var from: NameAddress
  /// Receiver, without tag.
  package var to: NameAddress
  package var contentType: String
  /// At most 1,300 bytes go out over UDP (RFC 3428 §8); more fails with 513.
  package var body: [UInt8]
  /// Where it goes; nil: as the request URI says.
  package var destination: Destination?
  package var credentials: [SIPCredentials] = []

  package init(
    uri: SIPURI, from: NameAddress, to: NameAddress, contentType: String = "text/plain;charset=UTF-8", body: [UInt8],
    destination: Destination? = nil
  ) {
    self.uri = uri
    self.from = from
    self.to = to
    self.contentType = contentType
    self.body = body
    self.destination = destination
  }
}
