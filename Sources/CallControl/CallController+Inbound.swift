import Numbering
import SIP
import TelephonyHAL

// Calls from the telephone network: from the ring to the softphones.
extension CallController {
  mutating func startInbound(_ line: LineID, _ event: LineEvent, _ now: Duration) {
    guard let entry = pool[line] else { return }
    let outbound: CallID? = if case .inUse(let call) = entry.state { call } else { nil }
    let id = newCallID()
    counters.inbound += 1
    var inbound = configuration.inbound
    if let destinations = entry.configuration.destinations { inbound.destinations = destinations }
    var record = CallRecord(
      id: id, direction: .inbound, number: "", peer: inbound.destinations.map(\.text).joined(separator: ", "), startedAt: now)
    record.line = line
    let bell = entry.configuration.capabilities.country.tonePlan.tone(.ringback)?.cadence
    let machine = InboundCall(
      id: id, timing: configuration.timing, inbound: inbound, burstsPerRing: max(bell?.segments.count { !$0.isSilence } ?? 1, 1), now: now)
    var call = Call(
      record: record, phase: .inbound(machine), session: newSession(localHost(for: nil), id),
      longest: configuration.outbound.limits.longestCall)
    call.line = line
    calls[id] = call
    pool.ring(line, for: id)
    rearm(line)
    emit(.notice(.callStarted(record)))
    if let outbound { step(outbound, now) { $0.outbound { $0.glare() } } }
    step(id, now) { $0.line(event, now: now) }
  }

  // MARK: Ringing softphones

  /// Sends an INVITE to every contact of every destination; none: the machine is told.
  mutating func ring(_ destinations: [CallControlConfiguration.InboundDestination], for id: CallID, _ now: Duration) {
    for destination in destinations {
      switch destination {
      case .account(let account):
        for binding in userAgent.bindings(of: account, now: now) {
          ring(uri: binding.uri, flow: binding.flow, addressOfRecord: account, for: id, now)
        }
      case .uri(let text):
        guard let uri = try? SIPURI(parsing: text) else { continue }
        ring(uri: uri, flow: nil, addressOfRecord: nil, for: id, now)
      }
    }
    legsMayBeExhausted(id, now)
  }

  private mutating func ring(uri: SIPURI, flow: Flow?, addressOfRecord: String?, for id: CallID, _ now: Duration) {
    guard var call = calls[id] else { return }
    let host = signallingHost(for: flow)
    let caller = CallerPresentation(call, host: host)
    let to = addressOfRecord.map { SIPURI(user: $0, host: host) } ?? uri.forRequestLine
    var invite = OutgoingInvite(
      uri: uri.forRequestLine, from: NameAddress(uri: caller.uri, displayName: caller.displayName), to: NameAddress(uri: to),
      sdp: call.session.makeOffer(), destination: flow.map { .flow($0) })
    if caller.isAsserted { invite.assertedIdentities = [NameAddress(uri: caller.uri, displayName: caller.displayName)] }
    if caller.isWithheld { invite.privacy = ["id"] }
    let leg = userAgent.invite(invite, now: now)
    legs[leg] = id
    call.ringingLegs.append(leg)
    call.signallingHosts[leg] = flow?.remote.host
    calls[id] = call
  }

  mutating func legsMayBeExhausted(_ id: CallID, _ now: Duration) {
    guard let call = calls[id], call.ringingLegs.isEmpty, call.leg == nil else { return }
    if case .callingBack = call.phase {
      let reason = "the softphone that was to be rung first is not registered or refused"
      return end(id, EndReason(.nobodyReachable, by: .gateway, because: reason), now)
    }
    step(id, now) { $0.inbound { $0.legsExhausted(now: now) } }
  }

  /// One of the softphones that ring answered: it is the one, if its answer is any good.
  mutating func softphoneAnswered(_ leg: LegID, _ sdp: [UInt8]?, _ id: CallID, _ now: Duration) {
    guard var call = calls[id] else { return }
    call.ringingLegs.removeAll { $0 == leg }
    guard call.leg == nil, let sdp, let description = call.session.accept(answer: sdp, signallingSource: call.signallingHosts[leg]) else {
      legs[leg] = nil
      calls[id] = call
      let cause = CallCause.mediaNotAcceptable
      userAgent.hangUp(leg, reason: .q850(cause.q850, cause.text), now: now)
      return legsMayBeExhausted(id, now)
    }
    call.leg = Call.Leg(id: leg, offer: nil, isAnswered: true)
    call.signallingHost = call.signallingHosts[leg]
    call.signallingHosts = [:]
    calls[id] = call
    emit(.media(.configure(id, description)))
    if case .callingBack = call.phase { return callbackAnswered(id, now) }
    calls[id]?.record.answer = .softphone
    step(id, now) { $0.inbound { $0.softphoneAnswered(now: now) } }
  }

  mutating func legFailed(_ leg: LegID, _ id: CallID, _ now: Duration) {
    calls[id]?.ringingLegs.removeAll { $0 == leg }
    calls[id]?.signallingHosts[leg] = nil
    legsMayBeExhausted(id, now)
  }
}

/// How a caller is shown to softphones: RFC 3323 for those who do not want to be, RFC 3325 for what the line told.
private struct CallerPresentation {
  var uri: SIPURI
  var displayName: String?
  var isAsserted = false
  var isWithheld = false

  init(_ call: Call, host: String) {
    guard case .inbound(let machine) = call.phase else {
      // An operator's call: the softphone sees whom it is about to be connected with.
      uri = SIPURI(user: call.record.number, host: host)
      return
    }
    let callerID = machine.callerID
    switch callerID?.presentation {
    case .withheld:
      uri = SIPURI(user: "anonymous", host: "anonymous.invalid")
      displayName = "Anonymous"
      isWithheld = true
    case .allowed:
      guard let number = callerID?.number, !number.isEmpty else { fallthrough }
      uri = SIPURI(user: number, host: host)
      displayName = callerID?.name ?? number
      isAsserted = true
    case .unavailable, nil:
      uri = SIPURI(user: "unavailable", host: host)
      displayName = callerID?.name ?? "Unavailable"
    }
  }
}
