// A confirmed dialog: changing the session, ending it.
extension UserAgent {
  /// Changes the session, at once or when what is going on is over; a later offer replaces one that waits.
  ///
  /// By a re-INVITE; before the answer by an UPDATE where the peer can and a first answer was given reliably, else after the answer.
  package mutating func offer(_ leg: LegID, sdp: [UInt8], now: Duration) {
    withLeg(leg) { agent, leg in
      leg.replaceQueuedOffer(sdp)
      agent.sendQueuedOffer(&leg, now: now)
      agent.sendEarlyOffer(&leg, now: now)
    }
    reap()
  }

  /// Answers the peer's re-INVITE, UPDATE or PRACK; the description is the answer, or our offer when it had none.
  package mutating func acceptOffer(_ leg: LegID, sdp: [UInt8], now: Duration) {
    withLeg(leg) { agent, leg in
      guard let pending = leg.pendingOffer else { return }
      leg.setModification(.idle, remoteTag: pending.remoteTag)
      if pending.request.method == .invite {
        agent.accept(pending.request, pending.transaction, &leg, sdp: sdp, carriesOffer: !pending.hasOffer, now: now)
      } else {
        leg.remember(local: sdp)
        leg.forgetEarlyDescription(remoteTag: pending.remoteTag)
        agent.acceptUpdate(pending.request, pending.transaction, &leg, sdp: sdp, now: now)
        agent.goOn(&leg, now: now)
        agent.sendQueuedOffer(&leg, now: now)
      }
    }
    reap()
  }

  /// Refuses the peer's offer; the session stays as it was.
  package mutating func rejectOffer(_ leg: LegID, status: Int, now: Duration) {
    withLeg(leg) { agent, leg in
      guard let pending = leg.pendingOffer else { return }
      leg.setModification(.idle, remoteTag: pending.remoteTag)
      agent.respond((300..<700).contains(status) ? status : 488, to: pending.request, in: pending.transaction, leg, now: now)
      agent.goOn(&leg, now: now)
      agent.sendQueuedOffer(&leg, now: now)
    }
    reap()
  }

  /// Sends 200 to an INVITE, and again until its ACK comes.
  mutating func accept(
    _ request: SIPRequest, _ transaction: ServerTransactionID, _ leg: inout Leg, sdp: [UInt8], carriesOffer: Bool, now: Duration
  ) {
    guard let destination = transactions.servers[transaction]?.destination, let cseq = try? request.headers.cseq() else { return }
    var response = makeResponse(200, to: request, leg, sdp: sdp)
    agreeOnInterval(request, &response, &leg, now: now)
    leg.remember(local: sdp)
    guard transactions.respond(response, in: transaction, now: now, &outputs, &timers) else { return }
    leg.unacknowledged.append(
      AnswerRetransmission(
        response: response, destination: destination, sequence: cseq.number, carriesOffer: carriesOffer, timers: configuration.timers,
        now: now))
  }

  /// Sends the offer that waits, unless an INVITE of either side is under way (RFC 3261 §14.1).
  mutating func sendQueuedOffer(_ leg: inout Leg, now: Duration) {
    guard case .established(var session) = leg.phase, session.modification.isIdle, leg.unacknowledged.isEmpty,
      session.owedAcknowledgement == nil, let offer = session.queuedOffer
    else { return }
    session.queuedOffer = nil
    var request = session.dialog.makeRequest(.invite)
    addOffer(offer, &request, leg)
    if let transaction = sendWithin(session.dialog, request, &leg, .modify, now: now) {
      session.modification = .sending(transaction, offer: offer)
    } else {
      outputs.report(.offerFailed(leg.id, status: 503))
    }
    leg.phase = .established(session)
  }

  /// Sends a request of the dialog, with the credentials that earlier challenges asked for.
  @discardableResult
  mutating func sendWithin(
    _ dialog: Dialog, _ request: SIPRequest, _ leg: inout Leg, _ purpose: ClientOwner.Purpose, answered: [String] = [], now: Duration
  ) -> ClientTransactionID? {
    var request = request
    leg.answers.authorize(&request, credentials: leg.credentials, cnonce: random.token())
    return send(request, to: destination(leg, dialog), for: &leg, purpose, answered: answered, now: now)
  }

  // MARK: The end

  /// Ends an established session from our side.
  mutating func leave(_ session: inout Session, _ leg: inout Leg, reason: ReasonHeader?, now: Duration) {
    refusePending(&leg, now: now)
    if let sequence = session.owedAcknowledgement {
      sendAcknowledgement(of: sequence, session.dialog, &leg, sdp: nil)
    }
    if session.awaitsAcknowledgement {
      leg.phase = .closing(session.dialog, reason)
    } else {
      sendBye(&session.dialog, &leg, reason: reason, now: now)
      leg.phase = .over
    }
  }

  /// Sends a BYE; what is still unacknowledged is not repeated any more.
  mutating func sendBye(_ dialog: inout Dialog, _ leg: inout Leg, reason: ReasonHeader?, now: Duration) {
    leg.unacknowledged.removeAll()
    var request = dialog.makeRequest(.bye)
    if let reason { request.headers.add(.reason, reason) }
    sendWithin(dialog, request, &leg, .bye, now: now)
  }

  /// What is still pending when a dialog ends is answered with 487 (RFC 3261 §15.1.2).
  mutating func refusePending(_ leg: inout Leg, now: Duration) {
    while let pending = leg.pendingOffer {
      leg.setModification(.idle, remoteTag: pending.remoteTag)
      respond(487, to: pending.request, in: pending.transaction, leg, now: now)
    }
    refuseTransfer(&leg, status: 487, now: now)
    if leg.transfer?.outlivesCall != true { leg.transfer = nil }
  }

  /// Tells the application the end of a leg.
  mutating func end(_ leg: inout Leg, _ cause: EndCause, now: Duration) {
    refusePending(&leg, now: now)
    leg.phase = .over
    leg.unacknowledged.removeAll()
    outputs.report(.ended(leg.id, cause))
  }

  /// Refuses the INVITE of a leg that rings.
  mutating func refuse(_ call: IncomingCall, _ leg: inout Leg, status: Int, reason: ReasonHeader?, now: Duration) {
    respond(status, to: call.request, in: call.transaction, leg, now: now) { _, response in
      if let reason { response.headers.add(.reason, reason) }
    }
  }

  /// Sends the ACK of a 2xx, and keeps it for the 2xx that comes again (RFC 3261 §13.2.2.4).
  mutating func sendAcknowledgement(
    of sequence: UInt32, _ dialog: Dialog, _ leg: inout Leg, sdp: [UInt8]?, credentialsFrom invite: SIPRequest? = nil
  ) {
    var request = dialog.makeAcknowledgement(sequence: sequence)
    if let invite {
      request.headers.copy(.authorization, from: invite.headers)
      request.headers.copy(.proxyAuthorization, from: invite.headers)
    }
    if let sdp {
      request.headers.add(.contentType, MediaType.sdp)
      request.body = sdp
    }
    let destination = settled(destination(leg, dialog))
    finish(&request, to: destination)
    leg.remember(Acknowledgement(remoteTag: dialog.remoteTag, sequence: sequence, request: request, destination: destination))
    transactions.transmit(request, to: destination, &outputs)
  }
}
