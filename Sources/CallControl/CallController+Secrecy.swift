import SIP

// Softphones that take secure media only.
extension CallController {
  /// What refuses RTP/AVP with keys beside it: not acceptable here, unsupported media type, not acceptable.
  private static let refusals: Set<Int> = [488, 415, 606]

  /// Rings a softphone again with RTP/SAVP, once, when it may have refused for want of it; false: the refusal stands.
  mutating func ringSecurely(_ leg: LegID, _ status: Int, _ id: CallID, _ now: Duration) -> Bool {
    guard Self.refusals.contains(status), var call = calls[id], !call.isOver, var rung = call.rung[leg], var invite = rung.invite,
      var session = rung.session, session.offerSecureProfile()
    else { return false }
    invite.sdp = session.makeOffer()
    let next = userAgent.invite(invite, now: now)
    legs[next] = id
    if let callID = userAgent.callID(of: next) { call.record.sipCallIDs.append(callID) }
    rung.session = session
    rung.invite = nil
    call.rung[leg] = nil
    call.rung[next] = rung
    if let index = call.ringingLegs.firstIndex(of: leg) { call.ringingLegs[index] = next }
    if let index = call.transfer?.legs.firstIndex(of: leg) { call.transfer?.legs[index] = next }
    calls[id] = call
    return true
  }
}
