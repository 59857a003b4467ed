extension TransactionLayer {
  /// What a client transaction reports to the user agent.
  struct ClientReport: Sendable {
    enum Result: Sendable {
      case response(SIPResponse)
      case timedOut
      case transportFailed
    }

    var id: ClientTransactionID
    var owner: ClientOwner
    var request: SIPRequest
    var result: Result
  }

  /// Sends a request, whose topmost Via carries the branch of `id`; false: the table is full.
  mutating func send(
    _ request: SIPRequest, as id: ClientTransactionID, to destination: Destination, owner: ClientOwner, now: Duration,
    _ output: inout OutputQueue, _ queue: inout TimerQueue<TimerOwner>
  ) -> Bool {
    guard clients.count < clientLimit else {
      statistics.overloads += 1
      return false
    }
    clients[id] = ClientTransaction(request: request, destination: destination, owner: owner, timers: timers, now: now)
    transmit(request, to: destination, &output)
    settle(id, &queue)
    return true
  }

  mutating func receive(
    _ response: SIPResponse, now: Duration, _ output: inout OutputQueue, _ queue: inout TimerQueue<TimerOwner>
  ) -> ClientReport? {
    guard let via = try? response.headers.topVia(), let cseq = try? response.headers.cseq(),
      let id = ClientTransactionID(via: via, method: cseq.method), let action = clients[id]?.receive(status: response.status, now: now),
      let transaction = clients[id], transaction.request.method == cseq.method
    else {
      statistics.unmatchedResponses += 1
      return nil
    }
    defer { settle(id, &queue) }
    switch action {
    case .deliver:
      return ClientReport(id: id, owner: transaction.owner, request: transaction.request, result: .response(response))
    case .acknowledgeAndDeliver:
      transmit(transaction.acknowledgement(of: response), to: transaction.destination, &output)
      return ClientReport(id: id, owner: transaction.owner, request: transaction.request, result: .response(response))
    case .acknowledge:
      statistics.retransmissionsReceived += 1
      transmit(transaction.acknowledgement(of: response), to: transaction.destination, &output)
    case .none, .retransmit, .timedOut, .transportFailed:
      statistics.retransmissionsReceived += 1
    }
    return nil
  }

  /// The timer of a client transaction came up.
  mutating func fire(
    _ id: ClientTransactionID, now: Duration, _ output: inout OutputQueue, _ queue: inout TimerQueue<TimerOwner>
  ) -> ClientReport? {
    guard clients[id]?.timer.fired(now: now) == true, let action = clients[id]?.advance(to: now) else { return nil }
    defer { settle(id, &queue) }
    switch action {
    case .retransmit:
      guard let transaction = clients[id] else { return nil }
      statistics.retransmissionsSent += 1
      transmit(transaction.request, to: transaction.destination, &output)
      return nil
    case .timedOut:
      guard let transaction = clients[id] else { return nil }
      statistics.timeouts += 1
      return ClientReport(id: id, owner: transaction.owner, request: transaction.request, result: .timedOut)
    case .none, .deliver, .acknowledge, .acknowledgeAndDeliver, .transportFailed:
      return nil
    }
  }

  mutating func transportFailed(_ id: ClientTransactionID, _ queue: inout TimerQueue<TimerOwner>) -> ClientReport? {
    guard let action = clients[id]?.transportFailed(), let transaction = clients[id] else { return nil }
    defer { settle(id, &queue) }
    guard case .transportFailed = action else { return nil }
    return ClientReport(id: id, owner: transaction.owner, request: transaction.request, result: .transportFailed)
  }

  mutating func abandon(_ id: ClientTransactionID, _ queue: inout TimerQueue<TimerOwner>) {
    clients[id]?.abandon()
    settle(id, &queue)
  }

  /// Client transactions that wait on a connection.
  func clients(on flow: Flow) -> [ClientTransactionID] {
    clients.compactMap { id, transaction in
      if case .flow(let used) = transaction.destination, used.id == flow.id, used.transport == flow.transport { id } else { nil }
    }
  }

  mutating func transmit(_ request: SIPRequest, to destination: Destination, _ output: inout OutputQueue) {
    statistics.messagesSent += 1
    output.transmit(.request(request), to: destination)
  }
}
