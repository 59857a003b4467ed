import Numbering
import SDP
import SIP
import TelephonyHAL

// Calls from the packet network: admission, and calls that the operator places.
extension CallController {
  mutating func incoming(_ leg: LegID, _ invite: IncomingInvite, _ now: Duration) {
    let id = newCallID()
    let account: String? = if case .account(let name) = invite.identity { name } else { nil }
    let text = invite.requestURI.dialledText
    let host = localHost(for: invite.flow)
    var record = CallRecord(
      id: id, direction: .outbound, number: text, peer: invite.from.uri.description, account: account, startedAt: now)
    counters.outbound += 1
    legs[leg] = id

    let admission = admit(text, account: account, now)
    if case .success(let admitted) = admission {
      record.isEmergency = admitted.number.isEmergency
      record.number = admitted.number.routingKey
    } else if case .failure(let refusal) = admission, let key = refusal.routingKey {
      record.number = key
    }
    var call = Call(
      record: record,
      phase: .outbound(OutboundCall(id: id, timing: configuration.timing, ringing: configuration.outbound.limits.ringing)),
      session: newSession(host, id), longest: .zero)
    call.leg = Call.Leg(id: leg, offer: invite.sdp, isAnswered: false)
    call.signallingHost = invite.flow.remote.host

    switch admission {
    case .failure(let refusal):
      calls[id] = call
      end(id, refusal.reason, now)
    case .success(let admitted):
      if let offer = invite.sdp, let problem = call.session.problem(withOffer: offer) {
        calls[id] = call
        return end(id, EndReason(.mediaNotAcceptable, by: .gateway, because: problem), now)
      }
      call.groups = admitted.groups
      call.dialled = admitted.number
      call.longest = admitted.longest
      calls[id] = call
      emit(.notice(.callStarted(call.record)))
      takeLine(id, now)
    }
  }

  struct Admission {
    var number: DialledNumber
    var groups: [String]
    var longest: Duration
  }

  struct Refusal: Error {
    var reason: EndReason
    var routingKey: String?
  }

  /// Whether a number may be called now, over which groups and for how long; emergency calls pass all limits.
  private mutating func admit(_ text: String, account: String?, _ now: Duration) -> Result<Admission, Refusal> {
    guard case .no = draining else {
      return .failure(Refusal(reason: EndReason(.shuttingDown, by: .gateway, because: "the gateway takes no new calls")))
    }
    let number: DialledNumber
    switch policy.read(text) {
    case .success(let read): number = read
    case .failure(let reason): return .failure(Refusal(reason: reason))
    }
    let key = number.routingKey
    switch policy.groups(for: number, allGroups: pool.groups) {
    case .failure(let reason): return .failure(Refusal(reason: reason, routingKey: key))
    case .success(let groups):
      let limits = configuration.outbound.limits
      guard !number.isEmergency else { return .success(Admission(number: number, groups: groups, longest: .seconds(24 * 3600))) }
      let budget = remainingBudget(of: account, now)
      guard budget > .zero else {
        let reason = EndReason(.budgetSpent, by: .gateway, because: "the minutes of the day are spent")
        return .failure(Refusal(reason: reason, routingKey: key))
      }
      guard usage.begin(limit: limits.callsPerMinute, now: now) else {
        let reason = EndReason(
          .tooManyCalls, by: .gateway, because: "\(limits.callsPerMinute ?? 0) calls were begun within a minute, as many as are allowed")
        return .failure(Refusal(reason: reason, routingKey: key))
      }
      return .success(Admission(number: number, groups: groups, longest: min(limits.longestCall, budget)))
    }
  }

  /// What budgets leave of talk; running calls count as they stand.
  private func remainingBudget(of account: String?, _ now: Duration) -> Duration {
    let outbound = configuration.outbound
    let accountMinutes = account.flatMap { outbound.minutesPerDayOfAccount[$0] }
    guard outbound.limits.minutesPerDay != nil || accountMinutes != nil else { return outbound.limits.longestCall }
    func running(_ account: String?) -> Duration {
      calls.values.reduce(.zero) { sum, call in
        guard call.record.direction == .outbound, !call.isOver, let answered = call.record.answeredAt else { return sum }
        return account == nil || call.record.account == account ? sum + (now - answered) : sum
      }
    }
    var rest = outbound.limits.longestCall
    if let minutes = outbound.limits.minutesPerDay {
      rest = min(rest, .seconds(minutes * 60) - usage.used(by: nil, now: now) - running(nil))
    }
    if let account, let accountMinutes {
      rest = min(rest, .seconds(accountMinutes * 60) - usage.used(by: account, now: now) - running(account))
    }
    return rest
  }

  mutating func noteUsage(_ id: CallID, _ now: Duration) {
    guard let record = calls[id]?.record, record.direction == .outbound else { return }
    let outbound = configuration.outbound
    guard outbound.limits.minutesPerDay != nil || !outbound.minutesPerDayOfAccount.isEmpty else { return }
    usage.add(record.talkTime, account: record.account, now: now)
  }

  // MARK: Calls of the operator

  /// Rings a softphone and, when it answers, dials the number; throws why it may not.
  package mutating func place(
    _ number: String, to destination: CallControlConfiguration.InboundDestination, now: Duration
  ) throws(EndReason) -> CallID {
    let admitted: Admission
    switch admit(number, account: nil, now) {
    case .success(let admission): admitted = admission
    case .failure(let refusal): throw refusal.reason
    }
    let id = newCallID()
    counters.outbound += 1
    let record = CallRecord(
      id: id, direction: .outbound, number: admitted.number.routingKey, peer: destination.text, isEmergency: admitted.number.isEmergency,
      startedAt: now)
    var call = Call(
      record: record, phase: .callingBack(until: now + configuration.outbound.limits.ringing),
      session: newSession(localHost(for: nil), id), longest: admitted.longest)
    call.groups = admitted.groups
    call.dialled = admitted.number
    call.callback = destination
    call.mediaState = .opening
    calls[id] = call
    rearm(id)
    emit(.notice(.callStarted(record)))
    emit(.media(.open(id)))
    pump(now)
    return id
  }

  /// The softphone of an operator's call has answered: now the telephone is dialled.
  mutating func callbackAnswered(_ id: CallID, _ now: Duration) {
    calls[id]?.phase = .outbound(
      OutboundCall(id: id, timing: configuration.timing, ringing: configuration.outbound.limits.ringing, isMediaOpen: true))
    rearm(id)
    cancelLegs(of: id, now)
    takeLine(id, now)
  }
}

extension SIPURI {
  /// What a caller wants to reach: the number of a tel URI with its context, or the user part.
  var dialledText: String {
    guard scheme == .tel, let number = escapedUser else { return user ?? "" }
    guard let context = parameters["phone-context"] else { return number }
    return "\(number);phone-context=\(context)"
  }
}

extension CallControlConfiguration.InboundDestination {
  /// As in the configuration.
  var text: String {
    switch self {
    case .account(let user): "sip:\(user)"
    case .uri(let uri): uri
    }
  }
}
