/// A dialog (RFC 3261 §12): what both sides know of each other, from which requests within it are made and checked.
///
///     INVITE ──▶ 1xx with To tag: early ──▶ 2xx: confirmed ──▶ BYE
///                    │                        ▲
///                    └── other To tag: another early dialog, dropped when one is confirmed
package struct Dialog: Sendable {
  package let callID: String
  package let localTag: String
  /// Empty for a peer of RFC 2543.
  package let remoteTag: String
  /// With the tags.
  package let local: NameAddress
  package let remote: NameAddress
  package private(set) var remoteTarget: SIPURI
  /// Nearest hop first.
  package private(set) var routeSet: [NameAddress]
  package private(set) var localSequence: UInt32
  /// Nil until the peer has sent a request.
  package private(set) var remoteSequence: UInt32?

  /// The callee's view, made by the INVITE (RFC 3261 §12.1.1); nil without a usable Contact.
  init?(answering request: SIPRequest, _ fields: MessageFields, localTag: String) {
    guard let target = Dialog.target(of: request, fields) else { return nil }
    callID = fields.callID
    self.localTag = localTag
    remoteTag = fields.fromTag
    var local = fields.to
    local.tag = localTag
    self.local = local
    remote = fields.from
    remoteTarget = target
    routeSet = (try? request.headers.recordRoutes()) ?? []
    localSequence = 0
    remoteSequence = fields.cseq.number
  }

  /// Where requests to the caller go: its Contact; where a caller of RFC 2543 gives none (that was allowed), its From.
  private static func target(of request: SIPRequest, _ fields: MessageFields) -> SIPURI? {
    if let contact = try? request.headers.contact() { return contact.uri }
    return !fields.via.hasUniqueBranch && !request.headers.contains(.contact) ? fields.from.uri : nil
  }

  /// The caller's view, made by a response to its INVITE (RFC 3261 §12.1.2); nil without To, or without Contact in a 2xx.
  init?(inviting request: SIPRequest, response: SIPResponse) {
    guard let remote = try? response.headers.to(), let local = try? request.headers.from(), let callID = request.headers.callID,
      let cseq = try? request.headers.cseq()
    else { return nil }
    self.callID = callID
    self.local = local
    self.remote = remote
    localTag = local.tag ?? ""
    remoteTag = remote.tag ?? ""
    // A peer that leaves Contact out is reached at the request URI, which is better than losing the call.
    remoteTarget = (try? response.headers.contact())?.uri ?? request.uri
    routeSet = ((try? response.headers.recordRoutes()) ?? []).reversed()
    localSequence = cseq.number
    remoteSequence = nil
  }

  /// Takes route set and target from the 2xx that confirms an early dialog (RFC 3261 §13.2.2.4).
  mutating func confirm(_ response: SIPResponse) {
    routeSet = ((try? response.headers.recordRoutes()) ?? []).reversed()
    refreshTarget(response.headers)
  }

  /// A target refresh request or its 2xx names a new remote target (RFC 3261 §12.2).
  mutating func refreshTarget(_ headers: SIPHeaders) {
    if let contact = try? headers.contact() { remoteTarget = contact.uri }
  }

  /// Checks the order of a request from the peer; false: it is older than one before (RFC 3261 §12.2.2).
  mutating func accept(sequence: UInt32) -> Bool {
    if let remoteSequence, sequence <= remoteSequence { return false }
    remoteSequence = sequence
    return true
  }

  /// The URI whose host a request goes to when no flow is kept.
  package var nextHop: SIPURI { routeSet.first?.uri ?? remoteTarget }

  /// A new request within the dialog, without Via and Contact.
  mutating func makeRequest(_ method: SIPMethod) -> SIPRequest {
    request(method, sequence: nextSequence())
  }

  /// Leaves room for requests of ours that are not known any more: numbers only have to grow (RFC 3261 §12.2.1.1).
  mutating func leap() { localSequence = min(localSequence, UInt32(Int32.max) - 200) + 100 }

  /// Counts the next request of ours.
  mutating func nextSequence() -> UInt32 {
    localSequence = localSequence >= UInt32(Int32.max) ? 1 : localSequence + 1
    return localSequence
  }

  /// The ACK of a 2xx: the CSeq number of its INVITE (RFC 3261 §13.2.2.4).
  func makeAcknowledgement(sequence: UInt32) -> SIPRequest { request(.ack, sequence: sequence) }

  private func request(_ method: SIPMethod, sequence: UInt32) -> SIPRequest {
    var uri = remoteTarget
    var routes = routeSet
    if let first = routes.first, !first.isLooseRoute {
      // A strict router (RFC 3261 §12.2.1.1) wants itself in the request line and the target at the end of the route.
      uri = first.uri
      routes.removeFirst()
      routes.append(NameAddress(uri: remoteTarget))
    }
    var request = SIPRequest(method: method, uri: uri.forRequestLine)
    request.headers.reserve(fields: 12, bytes: 512)
    for route in routes { request.headers.add(.route, route) }
    request.headers.add(.from, local)
    request.headers.add(.to, remote)
    request.headers.add(.callID, callID)
    request.headers.add(.cseq, CSeq(sequence, method))
    return request
  }
}

/// What finds a dialog of ours: the Call-ID and our tag (the peer's tag tells forks apart).
struct DialogKey: Hashable, Sendable {
  var callID: String
  var localTag: String
}
