// What the application asks for.
extension UserAgent {
  /// Places a call; its events carry the leg that is returned.
  package mutating func invite(_ invite: OutgoingInvite, now: Duration) -> LegID {
    let id = nextLegID()
    let next = invite.route.first?.uri ?? invite.uri
    let destination = invite.destination ?? .address(next.transportKind, next.address)
    let localTag = random.token()
    var from = invite.from
    from.tag = localTag
    let contact = contact(
      user: invite.contactUser.map { SIPURI(user: $0, host: "").escapedUser ?? $0 } ?? invite.from.uri.escapedUser,
      isSecure: invite.uri.scheme == .sips, via: destination)
    let path: Leg.Path = if case .flow(let flow) = destination { .flow(flow) } else { .target }
    let callID = random.token() + random.token()
    let request = makeInvite(invite, from: from, callID: callID, contact: contact)
    let call = OutgoingCall(
      invite: invite, transaction: ClientTransactionID(number: 0), expiry: now + configuration.timers.inviteExpiry)
    var leg = Leg(
      id: id, callID: callID, localTag: localTag, contact: contact, credentials: invite.credentials, phase: .calling(call), path: path)
    if case .address(_, let address) = destination, address.host.isEmpty {
      // A tel: URI without a destination leads nowhere.
      leg.phase = .over
      outputs.report(.failed(id, InviteFailure(status: 404)))
    } else if let transaction = send(request, to: destination, for: &leg, .invite, now: now) {
      leg.phase = .calling(call.moved(to: transaction))
      add(leg)
    } else {
      leg.phase = .over
      outputs.report(.failed(id, InviteFailure(status: 503)))
    }
    return id
  }

  private func makeInvite(_ invite: OutgoingInvite, from: NameAddress, callID: String, contact: NameAddress) -> SIPRequest {
    var request = SIPRequest(method: .invite, uri: invite.uri.forRequestLine)
    request.headers.reserve(fields: 18, bytes: 768)
    for route in invite.route { request.headers.add(.route, route) }
    request.headers.add(.maxForwards, String(min(max(invite.maxForwards, 0), 255)))
    request.headers.add(.from, from)
    var to = invite.to
    to.tag = nil
    request.headers.add(.to, to)
    request.headers.add(.callID, callID)
    request.headers.add(.cseq, CSeq(1, .invite))
    request.headers.add(.contact, contact)
    addAllow(&request.headers)
    addSupported(&request.headers)
    for identity in invite.assertedIdentities { request.headers.add(.pAssertedIdentity, identity) }
    if !invite.privacy.isEmpty { request.headers.add(.privacy, invite.privacy.joined(separator: ";")) }
    for header in invite.additionalHeaders { request.headers.add(named: header.name, header.value) }
    if let sdp = invite.sdp {
      request.headers.add(.contentType, MediaType.sdp)
      request.body = sdp
    }
    return request
  }

  /// Answers the offer of a 200 to an INVITE that had none.
  package mutating func acknowledge(_ leg: LegID, sdp: [UInt8], now: Duration) {
    withLeg(leg) { agent, leg in
      guard case .established(var session) = leg.phase, let sequence = session.owedAcknowledgement else { return }
      session.owedAcknowledgement = nil
      agent.sendAcknowledgement(of: sequence, session.dialog, &leg, sdp: sdp)
      agent.sendQueuedOffer(&session, &leg, now: now)
      leg.phase = .established(session)
    }
    reap()
  }

  /// Sends 101 … 199 on an incoming leg.
  package mutating func progress(_ leg: LegID, status: Int, sdp: [UInt8]?, now: Duration) {
    guard (101..<200).contains(status) else { return }
    withLeg(leg) { agent, leg in
      guard case .ringing(let call) = leg.phase else { return }
      agent.respond(status, to: call.request, in: call.transaction, leg, sdp: sdp, now: now)
    }
    reap()
  }

  /// Answers an incoming leg with 200; the description is the answer, or the offer when the INVITE had none.
  package mutating func answer(_ leg: LegID, sdp: [UInt8], now: Duration) {
    withLeg(leg) { agent, leg in
      guard case .ringing(let call) = leg.phase else { return }
      leg.phase = .established(Session(dialog: call.dialog, awaitsAcknowledgement: true, isCaller: false))
      agent.accept(call.request, call.transaction, &leg, sdp: sdp, carriesOffer: !call.hasOffer, now: now)
    }
    reap()
  }

  /// Refuses an incoming leg with 300 … 699; anything else is sent as 500.
  package mutating func reject(_ leg: LegID, status: Int, reason: ReasonHeader?, now: Duration) {
    withLeg(leg) { agent, leg in
      guard case .ringing(let call) = leg.phase else { return }
      agent.refuse(call, &leg, status: (300..<700).contains(status) ? status : 500, reason: reason, now: now)
      agent.end(&leg, .hungUpHere, now: now)
    }
    reap()
  }

  /// Ends a leg whatever its state: CANCEL, BYE, or 480 to an INVITE not answered yet; `ended` follows at once.
  package mutating func hangUp(_ leg: LegID, reason: ReasonHeader?, now: Duration) {
    withLeg(leg) { agent, leg in
      switch leg.phase {
      case .calling(let call):
        agent.cancel(call, &leg, reason: reason, now: now)
        agent.outputs.report(.ended(leg.id, .hungUpHere))
      case .ringing(let call):
        agent.refuse(call, &leg, status: 480, reason: reason, now: now)
        agent.end(&leg, .hungUpHere, now: now)
      case .established(var session):
        agent.leave(&session, &leg, reason: reason, now: now)
        agent.outputs.report(.ended(leg.id, .hungUpHere))
      case .cancelling, .closing, .over:
        break
      }
    }
    reap()
  }

  /// Sends an INFO within the dialog.
  package mutating func sendInfo(_ leg: LegID, contentType: String, body: [UInt8], now: Duration) {
    withLeg(leg) { agent, leg in
      guard case .established(var session) = leg.phase else { return }
      var request = session.dialog.makeRequest(.info)
      request.headers.add(.contentType, contentType)
      request.body = body
      agent.sendWithin(session.dialog, request, &leg, .info, now: now)
      leg.phase = .established(session)
    }
    reap()
  }

  /// Asks with an OPTIONS within the dialog whether the peer is still there.
  package mutating func ping(_ leg: LegID, now: Duration) {
    withLeg(leg) { agent, leg in
      guard case .established(var session) = leg.phase else { return }
      let request = session.dialog.makeRequest(.options)
      agent.sendWithin(session.dialog, request, &leg, .ping, now: now)
      leg.phase = .established(session)
    }
    reap()
  }
}

extension OutgoingCall {
  func moved(to transaction: ClientTransactionID) -> OutgoingCall {
    var call = self
    call.transaction = transaction
    return call
  }
}

extension UserAgent.InviteFailure {
  /// A failure of our own making.
  init(status: Int) {
    self.init(status: status, reasonPhrase: SIPStatus.reasonPhrase(status), reason: nil, contacts: [], isFromPeer: false)
  }
}
