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
    /// Where the request went at last; an answer to a challenge belongs there.
    var destination: Destination
    var result: Result
    /// What the response came on.
    var flow: Flow?

    init(_ id: ClientTransactionID, _ transaction: ClientTransaction, _ result: Result) {
      self.id = id
      owner = transaction.owner
      request = transaction.request
      destination = transaction.destination
      self.result = result
    }
  }

  /// Sends a request, whose topmost Via carries the branch of `id`, or keeps it while its destination is a URI; false: the table is full.
  mutating func send(
    _ request: SIPRequest, as id: ClientTransactionID, to destination: Destination, owner: ClientOwner, now: Duration,
    _ output: inout OutputQueue, _ queue: inout TimerQueue<TimerOwner>
  ) -> Bool {
    guard clients[id] != nil || clients.count < clientLimit else {
      statistics.overloads += 1
      return false
    }
    let transaction = ClientTransaction(request: request, destination: destination, owner: owner, timers: timers, now: now)
    clients[id] = transaction
    if !transaction.isLocating { transmit(request, to: destination, &output) }
    settle(id, &queue)
    return true
  }

  mutating func receive(
    _ response: SIPResponse, now: Duration, _ output: inout OutputQueue, _ queue: inout TimerQueue<TimerOwner>
  ) -> ClientReport? {
    guard let via = try? response.headers.topVia(), let cseq = try? response.headers.cseq(),
      let id = ClientTransactionID(via: via, method: cseq.method), var transaction = clients[id],
      transaction.request.method == cseq.method,
      // An answer to an earlier attempt comes too late.
      transaction.owner.route.map({ $0.attempt == ClientTransactionID.attempt(via) }) ?? true
    else {
      statistics.unmatchedResponses += 1
      return nil
    }
    let action = transaction.receive(status: response.status, now: now)
    clients[id] = transaction
    defer { settle(id, &queue) }
    switch action {
    case .deliver:
      return ClientReport(id, transaction, .response(response))
    case .acknowledgeAndDeliver:
      transmit(transaction.acknowledgement(of: response), to: transaction.destination, &output)
      return ClientReport(id, transaction, .response(response))
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
      return ClientReport(id, transaction, .timedOut)
    case .none, .deliver, .acknowledge, .acknowledgeAndDeliver, .transportFailed:
      return nil
    }
  }

  mutating func transportFailed(_ id: ClientTransactionID, _ queue: inout TimerQueue<TimerOwner>) -> ClientReport? {
    guard let action = clients[id]?.transportFailed(), let transaction = clients[id] else { return nil }
    defer { settle(id, &queue) }
    guard case .transportFailed = action else { return nil }
    return ClientReport(id, transaction, .transportFailed)
  }

  mutating func abandon(_ id: ClientTransactionID, _ queue: inout TimerQueue<TimerOwner>) {
    clients[id]?.abandon()
    settle(id, &queue)
  }

  /// Client transactions that wait on a connection.
  func clients(on flow: Flow) -> [ClientTransactionID] {
    clients.keys.filter { id in
      if case .flow(let used) = clients[id]?.destination { used.id == flow.id && used.transport == flow.transport } else { false }
    }
  }

  mutating func transmit(_ request: SIPRequest, to destination: Destination, _ output: inout OutputQueue) {
    statistics.messagesSent += 1
    output.transmit(.request(request), to: destination)
  }
}
