/// A server transaction with the request it serves and the response it repeats.
struct ServerTransaction: Sendable {
  enum Machine: Sendable {
    case invite(InviteServerTransaction)
    case nonInvite(NonInviteServerTransaction)
  }

  enum Action: Sendable { case none, retransmit, deliver, timedOut }

  private var machine: Machine
  let key: ServerTransactionKey
  let mergeKey: MergeKey?
  /// Its topmost Via says where it came from; nil once the final response is sent.
  private(set) var request: SIPRequest?
  private(set) var lastResponse: SIPResponse?
  let flow: Flow
  let destination: Destination
  var leg: LegID?
  var timer = TimerSlot()

  init(
    request: SIPRequest, key: ServerTransactionKey, mergeKey: MergeKey?, flow: Flow, destination: Destination, timers: TransactionTimers,
    now: Duration
  ) {
    self.request = request
    self.key = key
    self.mergeKey = mergeKey
    self.flow = flow
    self.destination = destination
    let isReliable = flow.transport.isReliable
    machine =
      request.method == .invite
      ? .invite(InviteServerTransaction(isReliable: isReliable, timers: timers))
      : .nonInvite(NonInviteServerTransaction(isReliable: isReliable, timers: timers, now: now))
  }

  var isTerminated: Bool {
    switch machine {
    case .invite(let machine): machine.isTerminated
    case .nonInvite(let machine): machine.isTerminated
    }
  }

  /// No final response was sent yet.
  var isPending: Bool {
    switch machine {
    case .invite(let machine): machine.isPending
    case .nonInvite(let machine): machine.isPending
    }
  }

  var deadline: Duration? {
    switch machine {
    case .invite(let machine): machine.deadline
    case .nonInvite(let machine): machine.deadline
    }
  }

  /// False: the response has no place any more.
  mutating func send(_ response: SIPResponse, now: Duration) -> Bool {
    let isSent: Bool
    switch machine {
    case .invite(var invite):
      isSent = invite.send(status: response.status, now: now)
      machine = .invite(invite)
      // The user agent repeats a 2xx itself (RFC 3261 §13.3.1.4).
      if isSent { lastResponse = response.isSuccess ? nil : response }
    case .nonInvite(var nonInvite):
      isSent = nonInvite.send(status: response.status, now: now)
      machine = .nonInvite(nonInvite)
      if isSent { lastResponse = response }
    }
    if response.isFinal { request = nil }
    return isSent
  }

  mutating func receiveRepetition() -> Action {
    switch machine {
    case .invite(var invite):
      let action = invite.receiveRepetition()
      machine = .invite(invite)
      return action == .retransmit ? .retransmit : .none
    case .nonInvite(var nonInvite):
      let action = nonInvite.receiveRepetition()
      machine = .nonInvite(nonInvite)
      return action == .retransmit ? .retransmit : .none
    }
  }

  mutating func receiveAcknowledgement(now: Duration) -> Action {
    guard case .invite(var invite) = machine else { return .none }
    let action = invite.receiveAcknowledgement(now: now)
    machine = .invite(invite)
    return action == .deliver ? .deliver : .none
  }

  mutating func advance(to now: Duration) -> Action {
    switch machine {
    case .invite(var invite):
      let action = invite.advance(to: now)
      machine = .invite(invite)
      switch action {
      case .retransmit: return .retransmit
      case .timedOut: return .timedOut
      case .none, .deliver: return .none
      }
    case .nonInvite(var nonInvite):
      nonInvite.advance(to: now)
      machine = .nonInvite(nonInvite)
      return .none
    }
  }

  /// Where responses to a request go (RFC 3261 §18.2.2, RFC 3581 §4).
  ///
  /// Over its connection; over UDP to where it came from, to the port of its Via unless that has an `rport`. A `maddr` is not followed: it would
  /// let anyone aim our responses at others.
  static func responseDestination(via: Via, flow: Flow) -> Destination {
    if flow.transport.isReliable || via.asksForRport { return .flow(flow) }
    var symmetric = flow
    symmetric.remote.port = via.effectivePort
    return .flow(symmetric)
  }
}
