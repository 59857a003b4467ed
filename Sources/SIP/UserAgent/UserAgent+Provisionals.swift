// Provisional responses, plain and reliable (RFC 3262).
extension UserAgent {
  /// Sends 101 … 199 on an incoming leg; reliably where `UserAgentConfiguration.reliableProvisionals` and the peer say so.
  package mutating func progress(_ leg: LegID, status: Int, sdp: [UInt8]?, now: Duration) {
    guard (101..<200).contains(status) else { return }
    withLeg(leg) { agent, leg in
      guard case .ringing(var call) = leg.phase, call.heldAnswer == nil else { return }
      agent.sendProvisional(status, sdp: sdp, &call, leg, now: now)
      leg.phase = .ringing(call)
    }
    reap()
  }

  /// Answers an incoming leg with 200; the description is the answer, or the offer when the INVITE had none.
  ///
  /// The 200 waits for the PRACK of a reliable response that is under way (RFC 3262 §3).
  package mutating func answer(_ leg: LegID, sdp: [UInt8], now: Duration) {
    withLeg(leg) { agent, leg in
      guard case .ringing(var call) = leg.phase, call.heldAnswer == nil else { return }
      call.heldAnswer = sdp
      call.reliable?.dropQueue()
      leg.phase = .ringing(call)
      agent.goOn(&leg, now: now)
    }
    reap()
  }

  private mutating func sendProvisional(_ status: Int, sdp: [UInt8]?, _ call: inout IncomingCall, _ leg: Leg, now: Duration) {
    // After the offer and its answer no response carries a description (RFC 3262 §5).
    var sdp = call.description != nil || call.isAgreed ? nil : sdp
    guard isReliable(sdp, leg) else {
      // Only a reliable response may carry an offer.
      if !call.hasOffer { sdp = nil }
      return respond(status, to: call.request, in: call.transaction, leg, sdp: sdp, now: now)
    }
    // A peer that insists on reliable responses gets none before there is the offer that the first must carry.
    guard call.hasOffer || call.isAgreed || call.description != nil || sdp != nil else { return }
    var reliable = call.reliable ?? ReliableResponses(first: UInt32(random.number(in: 0...0x3fff_ffff)))
    if reliable.isWaiting {
      reliable.enqueue(ReliableResponses.Queued(status: status, sdp: sdp))
    } else {
      let response = reliable.start(
        makeResponse(status, to: call.request, leg, sdp: sdp), timers: configuration.timers, now: now)
      if let sdp { call.description = sdp }
      transactions.respond(response, in: call.transaction, now: now, &outputs, &timers)
    }
    call.reliable = reliable
  }

  private func isReliable(_ sdp: [UInt8]?, _ leg: Leg) -> Bool {
    guard configuration.reliableProvisionals != .off, leg.peer.contains(.reliableProvisionals) else { return false }
    return sdp != nil || leg.peer.contains(.requiresReliableProvisionals) || configuration.reliableProvisionals == .required
  }

  /// What had to wait on an incoming leg that rings: the answer, the next response, an offer.
  mutating func goOn(_ leg: inout Leg, now: Duration) {
    guard case .ringing(var call) = leg.phase, call.reliable?.isWaiting != true else { return }
    if let answer = call.heldAnswer {
      if case .receiving = call.modification { return }
      return complete(call, &leg, sdp: answer, now: now)
    }
    if let next = call.reliable?.dequeue() { sendProvisional(next.status, sdp: next.sdp, &call, leg, now: now) }
    leg.phase = .ringing(call)
    sendEarlyOffer(&leg, now: now)
  }

  private mutating func complete(_ call: IncomingCall, _ leg: inout Leg, sdp: [UInt8], now: Duration) {
    var session = Session(dialog: call.dialog, awaitsAcknowledgement: true, isCaller: false)
    session.modification = call.modification
    session.queuedOffer = call.queuedOffer
    leg.phase = .established(session)
    // An answer that was given reliably is only repeated, and not after the session was changed.
    let body = call.isAgreed ? call.description ?? [] : sdp
    accept(call.request, call.transaction, &leg, sdp: body, carriesOffer: !call.hasOffer && !call.isAgreed, now: now)
  }

  // MARK: PRACK of the peer

  mutating func receiveAcknowledgement(
    ofProvisional request: SIPRequest, _ transaction: ServerTransactionID, _ leg: inout Leg, now: Duration
  ) {
    guard case .ringing(var call) = leg.phase, let acknowledged = request.headers.responseAcknowledgement,
      acknowledged.cseq == (try? call.request.headers.cseq()), call.reliable?.acknowledge(number: acknowledged.number) == true
    else { return respond(481, to: request, in: transaction, leg, now: now) }
    let sdp = request.sessionDescription
    var answered: [UInt8]?
    if let sdp, call.hasOffer || call.isAgreed {
      guard call.description != nil || call.isAgreed, call.modification.isIdle else {
        // Its first offer is not answered yet.
        leg.phase = .ringing(call)
        respond(488, to: request, in: transaction, leg, now: now)
        return goOn(&leg, now: now)
      }
      call.isAgreed = true
      call.modification = .receiving(transaction, request, hasOffer: true)
      leg.phase = .ringing(call)
      outputs.report(.offered(leg.id, sdp: sdp))
    } else {
      respond(200, to: request, in: transaction, leg, now: now)
      if call.hasOffer {
        call.isAgreed = call.isAgreed || call.description != nil
      } else if call.description != nil {
        // Without the answer that had to be here the 200 offers again.
        call.isAgreed = sdp != nil
        call.description = nil
        answered = sdp
      }
      leg.phase = .ringing(call)
    }
    if let answered { outputs.report(.offerAnswered(leg.id, sdp: answered)) }
    goOn(&leg, now: now)
  }

  /// The timer of a reliable response.
  mutating func advanceReliable(_ call: IncomingCall, _ leg: inout Leg, to now: Duration) {
    var call = call
    switch call.reliable?.advance(to: now) {
    case nil, .some(.none):
      break
    case .retransmit:
      leg.phase = .ringing(call)
      guard let response = call.reliable?.response, let destination = transactions.servers[call.transaction]?.destination else { return }
      transactions.statistics.retransmissionsSent += 1
      transactions.transmit(response, to: destination, &outputs)
    case .giveUp:
      // RFC 3262 §3: the INVITE should be refused with a 5xx.
      transactions.statistics.timeouts += 1
      refuse(call, &leg, status: 504, reason: nil, now: now)
      end(&leg, .notAcknowledged, now: now)
    }
  }

  // MARK: Reliable responses of the peer

  /// Takes a provisional response into its early dialog; false: it is a repetition, or out of order (RFC 3262 §4).
  mutating func acknowledgeProvisional(
    _ response: SIPResponse, _ early: inout EarlyDialog, _ call: OutgoingCall, _ leg: inout Leg, now: Duration
  ) -> Bool {
    guard configuration.reliableProvisionals != .off, let number = response.headers.responseNumber, response.headers.has(.require, "100rel")
    else { return true }
    if let last = early.lastNumber, number != last &+ 1 { return false }
    early.lastNumber = number
    let carriesDescription = response.sessionDescription != nil
    if call.invite.sdp == nil, carriesDescription, !early.isAgreed {
      early.owedAcknowledgement = number
      return true
    }
    if carriesDescription { early.isAgreed = true }
    sendProvisionalAcknowledgement(number, &early, call, &leg, sdp: nil, now: now)
    return true
  }

  mutating func sendProvisionalAcknowledgement(
    _ number: UInt32, _ early: inout EarlyDialog, _ call: OutgoingCall, _ leg: inout Leg, sdp: [UInt8]?, now: Duration
  ) {
    guard let cseq = try? transactions.clients[call.transaction]?.request.headers.cseq() else { return }
    var request = early.dialog.makeRequest(.prack)
    request.headers.add(.rack, ResponseAcknowledgement(number: number, cseq: cseq))
    if let sdp {
      request.headers.add(.contentType, MediaType.sdp)
      request.body = sdp
    }
    sendWithin(early.dialog, request, &leg, .acknowledgeProvisional, now: now)
  }
}
