// UPDATE (RFC 3311), and what it has in common with a re-INVITE.
extension UserAgent {
  /// An UPDATE of the peer, in an early or a confirmed dialog.
  mutating func receiveUpdate(
    _ request: SIPRequest, _ fields: MessageFields, _ transaction: ServerTransactionID, _ leg: inout Leg, now: Duration
  ) {
    if let minimum = tooSmallInterval(request, leg.peer) { return refuseInterval(request, transaction, leg, minimum, now: now) }
    guard let sdp = request.sessionDescription else { return acceptUpdate(request, transaction, &leg, sdp: nil, now: now) }
    switch leg.phase {
    case .established(let session):
      // Our own answer, or the one to our own offer, is still owed (RFC 3311 §5.2).
      if session.owedAcknowledgement != nil { return respondLater(request, transaction, leg, now: now) }
      if leg.unacknowledged.contains(where: \.carriesOffer) { return respond(491, to: request, in: transaction, leg, now: now) }
    case .ringing(let call) where !call.isAgreed:
      return call.hasOffer
        ? respondLater(request, transaction, leg, now: now) : respond(491, to: request, in: transaction, leg, now: now)
    case .calling(let call):
      let isAgreed = call.early.first { $0.dialog.remoteTag == fields.fromTag }?.isAgreed == true
      guard isAgreed else { return respond(491, to: request, in: transaction, leg, now: now) }
    case .ringing: break
    case .cancelling, .closing, .over: return respond(481, to: request, in: transaction, leg, now: now)
    }
    receiveOffer(request, transaction, &leg, sdp: sdp, remoteTag: fields.fromTag, now: now)
  }

  /// An offer, or the wish for one, of the peer: told to the application unless another change is under way.
  mutating func receiveOffer(
    _ request: SIPRequest, _ transaction: ServerTransactionID, _ leg: inout Leg, sdp: [UInt8]?, remoteTag: String, now: Duration
  ) {
    switch leg.modification(remoteTag: remoteTag) {
    case nil:
      return respond(481, to: request, in: transaction, leg, now: now)
    case .sending:
      return respond(491, to: request, in: transaction, leg, now: now)
    case .receiving:
      return respondLater(request, transaction, leg, now: now)
    case .idle:
      break
    case .backingOff(_, let offer):
      leg.queueOffer(offer)
    }
    if request.method == .invite {
      transactions.respond(SIPResponse(to: request, status: 100), in: transaction, now: now, &outputs, &timers)
    } else {
      transactions.settle(transaction, &timers)
    }
    leg.setModification(.receiving(transaction, request, hasOffer: sdp != nil), remoteTag: remoteTag)
    leg.remember(remote: sdp)
    outputs.report(.offered(leg.id, sdp: sdp))
  }

  /// The 200 of an UPDATE or PRACK.
  mutating func acceptUpdate(_ request: SIPRequest, _ transaction: ServerTransactionID, _ leg: inout Leg, sdp: [UInt8]?, now: Duration) {
    var response = makeResponse(200, to: request, leg, sdp: sdp)
    if request.method == .update { agreeOnInterval(request, &response, &leg, now: now) }
    transactions.respond(response, in: transaction, now: now, &outputs, &timers)
  }

  /// A request that came while another of the peer was not answered yet: 500 with a short Retry-After (RFC 3261 §14.2).
  mutating func respondLater(_ request: SIPRequest, _ transaction: ServerTransactionID, _ leg: Leg, now: Duration) {
    let seconds = random.number(in: 0...10)
    respond(500, to: request, in: transaction, leg, now: now) { _, response in response.headers.add(.retryAfter, String(seconds)) }
  }

  // MARK: Ours

  /// Sends the offer that waits in an early dialog whose session is agreed on.
  mutating func sendEarlyOffer(_ leg: inout Leg, now: Duration) {
    guard leg.peer.contains(.update) else { return }
    let offer: [UInt8]
    var dialog: Dialog
    switch leg.phase {
    case .ringing(var call):
      guard let queued = call.queuedOffer, call.isAgreed, call.modification.isIdle, call.heldAnswer == nil else { return }
      offer = queued
      dialog = call.dialog
      call.queuedOffer = nil
      leg.phase = .ringing(call)
    case .calling(var call):
      guard let queued = call.queuedOffer, let early = call.early.last(where: { $0.isAgreed && $0.modification.isIdle }) else { return }
      offer = queued
      dialog = early.dialog
      call.queuedOffer = nil
      leg.phase = .calling(call)
    case .cancelling, .established, .closing, .over:
      return
    }
    var request = dialog.makeRequest(.update)
    leg.update(dialog)
    addOffer(offer, &request, leg)
    guard let transaction = sendWithin(dialog, request, &leg, .update, now: now) else {
      return outputs.report(.offerFailed(leg.id, status: 503))
    }
    leg.setModification(.sending(transaction, offer: offer), remoteTag: dialog.remoteTag)
  }

  /// What a re-INVITE and an UPDATE of ours carry.
  func addOffer(_ sdp: [UInt8]?, _ request: inout SIPRequest, _ leg: Leg) {
    request.headers.add(.contact, leg.contact)
    addAllow(&request.headers)
    addSupported(&request.headers)
    addInterval(&request.headers, leg)
    guard let sdp else { return }
    request.headers.add(.contentType, MediaType.sdp)
    request.body = sdp
  }

  /// What became of an UPDATE of ours with an offer.
  mutating func takeUpdate(_ report: TransactionLayer.ClientReport, _ leg: inout Leg, now: Duration) {
    if case .response(let response) = report.result, response.isProvisional { return }
    let remoteTag = report.request.headers.toTag ?? ""
    guard case .sending(report.id, let offer, _) = leg.modification(remoteTag: remoteTag) else { return }
    leg.setModification(.idle, remoteTag: remoteTag)
    guard case .response(let response) = report.result else { return updateFailed(408, offer, &leg, now: now) }
    if response.isSuccess {
      if var dialog = leg.dialog(remoteTag: remoteTag) {
        dialog.refreshTarget(response.headers)
        leg.update(dialog)
      }
      leg.forgetEarlyDescription(remoteTag: remoteTag)
      if case .established = leg.phase { takeInterval(response.headers, &leg, now: now) }
      outputs.report(.offerAnswered(leg.id, sdp: response.sessionDescription))
    } else if let transaction = sendAgain(response, report, &leg, now: now) {
      leg.setModification(.sending(transaction, offer: offer), remoteTag: remoteTag)
    } else {
      updateFailed(response.status, offer, &leg, now: now)
    }
    goOn(&leg, now: now)
    sendQueuedOffer(&leg, now: now)
  }

  private mutating func updateFailed(_ status: Int, _ offer: [UInt8], _ leg: inout Leg, now: Duration) {
    if case .established(var session) = leg.phase {
      if status == 408 || status == 481 { return lose(&session, &leg, status: status, now: now) }
      if status == 491 {
        session.modification = .backingOff(until: now + backOff(session), offer: offer)
        leg.phase = .established(session)
        return
      }
    } else if status == 491 {
      return leg.queueOffer(offer)
    }
    outputs.report(.offerFailed(leg.id, status: status))
  }

  /// Ours is the Call-ID: 2.1 … 4 s, else 0 … 2 s, in steps of 10 ms (RFC 3261 §14.1).
  mutating func backOff(_ session: Session) -> Duration {
    .milliseconds(10 * (session.isCaller ? random.number(in: 210...400) : random.number(in: 0...200)))
  }
}
