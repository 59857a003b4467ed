// What comes from the transports and the clock.
extension UserAgent {
  package mutating func receive(_ message: SIPMessage, on flow: Flow, now: Duration) {
    if flow.transport.isReliable { transactions.openConnections.insert(flow.id) }
    switch message {
    case .request(let request):
      counters.requestsReceived += 1
      receive(request, on: flow, now: now)
    case .response(let response):
      counters.responsesReceived += 1
      guard case .ok = ResponseValidation.check(response) else {
        counters.malformed += 1
        return
      }
      if var report = transactions.receive(response, now: now, &outputs, &timers) {
        report.flow = flow
        // It knows the branch that we made up for its address.
        evidence.append(.proven(flow, account: nil))
        take(report, now: now)
      }
    }
    reap()
  }

  /// A message that cannot be parsed: answered where what is left of it allows a response; counted.
  package mutating func receiveUnparsable(_ error: SIPParseError, on flow: Flow, now: Duration) {
    guard error.code != .keepAlive else { return }
    counters.malformed += 1
    outputs.report(.attemptRefused(.malformed(error.description), flow))
    if flow.transport.isReliable { transactions.openConnections.insert(flow.id) }
    if var salvaged = error.salvaged {
      let (destination, branch) = UserAgent.prepareForAnswer(&salvaged.headers, flow)
      let tag = UserAgent.statelessTag(salvaged.headers.callID ?? "", branch: branch)
      if var response = salvaged.response(status: error.status, reason: error.reasonPhrase, toTag: tag) {
        addServer(&response)
        transactions.transmit(response, to: destination, &outputs)
      }
    } else if flow.transport.isReliable, error.code == .notSIP {
      outputs.append(.closeFlow(flow))
    }
  }

  /// A TCP or TLS connection is gone: what only it could carry is over, established calls are reached by their Contact from now on.
  package mutating func flowClosed(_ flow: Flow, now: Duration) {
    guard flow.transport.isReliable else { return }
    transactions.openConnections.remove(flow.id)
    for account in registrar.remove(flow: flow) { reportBindings(of: account, now: now) }
    trunkFlowClosed(flow, now: now)
    guard let carried = legsByConnection[flow.id] else { return }
    for id in transactions.clients(on: flow) {
      if let report = transactions.transportFailed(id, &timers) { take(report, now: now) }
    }
    for id in carried.sorted(by: { $0.rawValue < $1.rawValue }) {
      withLeg(id) { agent, leg in
        agent.forget(id, on: flow)
        leg.path = .target
        guard case .ringing(let call) = leg.phase else { return }
        // The caller cannot hear us any more; a proxy that still waits gets its answer at the Via's address.
        agent.refuse(call, &leg, status: 480, reason: nil, now: now)
        agent.end(&leg, .flowLost, now: now)
      }
    }
    reap()
  }

  /// The shell could not send `message`: a request fails as if it had been answered with 503 (RFC 3261 §8.1.3.1).
  package mutating func transmitFailed(_ message: SIPMessage, to destination: Destination, now: Duration) {
    counters.transportFailures += 1
    guard case .request(let request) = message, request.method != .ack, let via = try? request.headers.topVia(),
      let id = ClientTransactionID(via: via, method: request.method)
    else { return }
    if let report = transactions.transportFailed(id, &timers) { take(report, now: now) }
    reap()
  }

  package mutating func advance(to now: Duration) {
    while let owner = timers.removeFirst(dueAt: now) {
      switch owner {
      case .client(let id):
        if let report = transactions.fire(id, now: now, &outputs, &timers) { take(report, now: now) }
      case .server(let id):
        transactions.fire(id, now: now, &outputs, &timers)
      case .leg(let id):
        withLeg(id) { agent, leg in
          if leg.timer.fired(now: now) { agent.advance(&leg, to: now) }
        }
      case .message(let id):
        answerMessage(id, status: 480, now: now)
      case .registrar:
        guard registrarTimer.fired(now: now) else { continue }
        for account in registrar.removeExpired(now: now) { reportBindings(of: account, now: now) }
        scheduleRegistrar()
      case .trunks:
        if trunkTimer.fired(now: now) { advanceTrunks(to: now) }
      }
      reap()
    }
  }

  /// The timers of a leg itself.
  private mutating func advance(_ leg: inout Leg, to now: Duration) {
    var answers: [AnswerRetransmission] = []
    var isUnanswered = false
    for var answer in leg.unacknowledged {
      switch answer.advance(to: now) {
      case .none:
        answers.append(answer)
      case .retransmit:
        transactions.statistics.retransmissionsSent += 1
        transactions.transmit(answer.response, to: answer.destination, &outputs)
        answers.append(answer)
      case .giveUp:
        isUnanswered = true
      }
    }
    leg.unacknowledged = answers
    if isUnanswered { giveUpAnswer(&leg, now: now) }
    advanceTransfer(&leg, to: now)
    switch leg.phase {
    case .calling(let call) where now >= call.expiry:
      report(&leg, failure: InviteFailure(status: 408), cancelling: call, now: now)
    case .cancelling(let call, let cancellation):
      guard let deadline = cancellation.deadline, now >= deadline else { return }
      leg.phase = .over
      transactions.abandon(call.transaction, &timers)
    case .established(var session):
      if case .backingOff(let until, let offer) = session.modification, now >= until {
        session.modification = .idle
        if session.queuedOffer == nil { session.queuedOffer = offer }
        leg.phase = .established(session)
        sendQueuedOffer(&leg, now: now)
      }
      advanceSessionTimer(&leg, to: now)
    case .ringing(let call):
      advanceReliable(call, &leg, to: now)
    case .calling, .closing, .over:
      break
    }
  }

  /// Our 2xx was never acknowledged (RFC 3261 §13.3.1.4): the dialog is ended with a BYE.
  private mutating func giveUpAnswer(_ leg: inout Leg, now: Duration) {
    transactions.statistics.timeouts += 1
    switch leg.phase {
    case .established(var session):
      sendBye(&session.dialog, &leg, reason: nil, now: now)
      end(&leg, .notAcknowledged, now: now)
    case .closing(var dialog, let reason):
      sendBye(&dialog, &leg, reason: reason, now: now)
      leg.phase = .over
    case .calling, .cancelling, .ringing, .over:
      break
    }
  }
}
