// Requests within a dialog.
extension UserAgent {
  mutating func receive(
    _ request: SIPRequest, _ fields: MessageFields, in leg: inout Leg, _ flow: Flow, now: Duration
  ) {
    guard var dialog = leg.dialog(remoteTag: fields.fromTag) else {
      // After our own BYE the peer's may still be on its way: both sides want the same.
      let status = leg.isOver && request.method == .bye ? 200 : 481
      return respondStatelessly(status, to: request, fields, flow)
    }
    guard dialog.accept(sequence: fields.cseq.number) else { return respondStatelessly(500, to: request, fields, flow) }
    guard let transaction = transactions.open(request, fields, on: flow, leg: request.method == .invite ? leg.id : nil, now: now) else {
      return respondStatelessly(503, to: request, fields, flow)
    }
    adopt(flow, &leg)
    if request.method == .invite || request.method == .update { dialog.refreshTarget(request.headers) }
    leg.update(dialog)
    switch request.method {
    case .bye:
      respond(200, to: request, in: transaction, leg, now: now)
      receiveBye(request, &leg, remoteTag: fields.fromTag, now: now)
    case .invite:
      receiveModification(request, fields, transaction, &leg, now: now)
    case .update:
      receiveUpdate(request, fields, transaction, &leg, now: now)
    case .prack:
      receiveAcknowledgement(ofProvisional: request, transaction, &leg, now: now)
    case .refer:
      receiveRefer(request, fields, transaction, &leg, now: now)
    case .message:
      receiveMessage(request, fields, transaction, leg, flow, now: now)
    case .info:
      receiveInfo(request, transaction, leg, now: now)
    case .options:
      respond(200, to: request, in: transaction, leg, now: now) { agent, response in agent.addCapabilities(&response) }
    case .ack, .cancel, .register, .notify, .subscribe, .publish, .other:
      respond(405, to: request, in: transaction, leg, now: now) { agent, response in agent.addAllow(&response.headers) }
    }
  }

  mutating func respond(
    _ status: Int, to request: SIPRequest, in transaction: ServerTransactionID, _ leg: Leg, sdp: [UInt8]? = nil, now: Duration,
    _ decorate: (inout UserAgent, inout SIPResponse) -> Void = { _, _ in }
  ) {
    var response = makeResponse(status, to: request, leg, sdp: sdp)
    decorate(&self, &response)
    transactions.respond(response, in: transaction, now: now, &outputs, &timers)
  }

  private mutating func receiveBye(_ request: SIPRequest, _ leg: inout Leg, remoteTag: String, now: Duration) {
    let reason = request.headers.reasons.first
    leg.unacknowledged.removeAll()
    switch leg.phase {
    case .established(let session):
      if case .reporting(var report) = leg.transfer {
        report.dialog = session.dialog
        leg.transfer = .reporting(report)
      }
      end(&leg, .bye(reason), now: now)
    case .ringing(let call):
      refuse(call, &leg, status: 487, reason: nil, now: now)
      end(&leg, .cancelled(reason), now: now)
    case .calling(var call):
      // The callee ended the early dialog, or its 200 is late. Where it was the last fork the INVITE is cancelled, and a 200 that comes
      // is acknowledged and ended.
      call.early.removeAll { $0.dialog.remoteTag == remoteTag }
      leg.phase = .calling(call)
      guard call.early.isEmpty else { return }
      cancel(call, &leg, reason: nil, now: now)
      outputs.report(.ended(leg.id, .bye(reason)))
    case .closing:
      leg.phase = .over
    case .cancelling, .over:
      break
    }
  }

  private mutating func receiveInfo(_ request: SIPRequest, _ transaction: ServerTransactionID, _ leg: Leg, now: Duration) {
    if request.headers.contains(.infoPackage) {
      // No package is ours (RFC 6086 §4.2.2).
      return respond(469, to: request, in: transaction, leg, now: now) { _, response in response.headers.add(.recvInfo, "") }
    }
    respond(200, to: request, in: transaction, leg, now: now)
    guard !request.body.isEmpty, leg.isActive, let type = try? request.headers.contentType() else { return }
    outputs.report(.info(leg.id, contentType: type.name, body: request.body))
  }

  /// A re-INVITE (RFC 3261 §14.2).
  private mutating func receiveModification(
    _ request: SIPRequest, _ fields: MessageFields, _ transaction: ServerTransactionID, _ leg: inout Leg, now: Duration
  ) {
    guard case .established(let session) = leg.phase else {
      if case .ringing = leg.phase { return respondLater(request, transaction, leg, now: now) }
      return respond(481, to: request, in: transaction, leg, now: now)
    }
    if let minimum = tooSmallInterval(request, leg.peer) { return refuseInterval(request, transaction, leg, minimum, now: now) }
    // Our own answer is still owed: the offers would cross.
    if session.owedAcknowledgement != nil { return respond(491, to: request, in: transaction, leg, now: now) }
    receiveOffer(request, transaction, &leg, sdp: request.sessionDescription, remoteTag: fields.fromTag, now: now)
  }

  // MARK: ACK

  /// The ACK of a 2xx of ours (RFC 3261 §13.3.1.4).
  mutating func receiveAcknowledgement(_ request: SIPRequest, _ fields: MessageFields, on flow: Flow, now: Duration) {
    guard let localTag = fields.toTag, let id = dialogs[DialogKey(callID: fields.callID, localTag: localTag)] else {
      counters.unmatchedAcknowledgements += 1
      return
    }
    withLeg(id) { agent, leg in
      guard let index = leg.unacknowledged.firstIndex(where: { $0.sequence == fields.cseq.number }),
        leg.dialog(remoteTag: fields.fromTag) != nil
      else {
        agent.counters.unmatchedAcknowledgements += 1
        return
      }
      agent.acknowledged(leg.unacknowledged.remove(at: index), by: request, &leg, now: now)
    }
  }

  private mutating func acknowledged(_ answer: AnswerRetransmission, by request: SIPRequest, _ leg: inout Leg, now: Duration) {
    let sdp = answer.carriesOffer ? request.sessionDescription : nil
    switch leg.phase {
    case .established(var session):
      if session.awaitsAcknowledgement {
        session.awaitsAcknowledgement = false
        outputs.report(.acknowledged(leg.id, sdp: sdp))
      } else if answer.carriesOffer {
        outputs.report(.offerAnswered(leg.id, sdp: sdp))
      }
      leg.phase = .established(session)
      leg.remember(remote: sdp)
      sendQueuedOffer(&leg, now: now)
    case .closing(var dialog, let reason):
      sendBye(&dialog, &leg, reason: reason, now: now)
      leg.phase = .over
    case .calling, .cancelling, .ringing, .over:
      break
    }
  }
}
