// Requests: what they belong to, and those that belong to no dialog.
extension UserAgent {
  mutating func receive(_ request: SIPRequest, on flow: Flow, now: Duration) {
    guard let fields = try? MessageFields(request.headers) else {
      return refuseMalformed(request, validation.check(request), flow)
    }
    switch transactions.match(request, fields, now: now, &outputs, &timers) {
    case .absorbed:
      return
    case .acknowledgement:
      return receiveAcknowledgement(request, fields, on: flow, now: now)
    case .merged:
      return respondStatelessly(482, to: marked(request, fields, flow), fields, flow)
    case .new:
      break
    }
    if request.method == .ack { return receiveAcknowledgement(request, fields, on: flow, now: now) }
    if case .closed(let seconds) = admission, isHeldBack(request, fields) { return holdBack(request, fields, flow, seconds) }
    let received = marked(request, fields, flow)
    let verdict = validation.check(received, fields)
    guard case .ok = verdict else { return refuseMalformed(received, verdict, flow) }
    if request.method == .cancel { return receiveCancel(received, fields, flow, now: now) }
    guard let localTag = fields.toTag else { return receiveOutOfDialog(received, fields, flow, now: now) }
    guard let id = dialogs[DialogKey(callID: fields.callID, localTag: localTag)] else {
      return respondStatelessly(481, to: received, fields, flow)
    }
    evidence.append(.proven(flow, account: nil))
    withLeg(id) { agent, leg in agent.receive(received, fields, in: &leg, flow, now: now) }
  }

  /// The request with where it truly came from in its topmost Via (RFC 3261 §18.2.1, RFC 3581 §4).
  func marked(_ request: SIPRequest, _ fields: MessageFields, _ flow: Flow) -> SIPRequest {
    var request = request
    var via = fields.via
    via.markReceived(from: flow.remote)
    request.headers.replaceTopVia(via)
    return request
  }

  private mutating func receiveOutOfDialog(_ request: SIPRequest, _ fields: MessageFields, _ flow: Flow, now: Duration) {
    switch request.method {
    case .invite: receiveInvite(request, fields, flow, now: now)
    case .register: receiveRegister(request, fields, flow, now: now)
    case .options: respondStatelessly(200, to: request, fields, flow) { agent, response in agent.addCapabilities(&response) }
    case .bye, .info, .prack, .update, .notify: respondStatelessly(481, to: request, fields, flow)
    case .message: receiveMessage(request, fields, flow, now: now)
    case .refer: respondStatelessly(403, reason: "REFER Outside a Call", to: request, fields, flow)
    case .ack, .cancel: break
    case .subscribe, .publish, .other:
      respondStatelessly(405, to: request, fields, flow) { agent, response in agent.addAllow(&response.headers) }
    }
  }

  /// An INVITE that asks for a new call.
  private mutating func receiveInvite(_ request: SIPRequest, _ fields: MessageFields, _ flow: Flow, now: Duration) {
    if dialogs[DialogKey(callID: fields.callID, localTag: fields.fromTag)] != nil {
      // Our own call has come back to us.
      counters.loops += 1
      return respondStatelessly(482, to: request, fields, flow)
    }
    guard activeLegs < configuration.limits.legs else { return refuseOverload(request, fields, flow) }
    guard let identity = admit(request, fields, flow, now: now) else { return }
    let peer = PeerCapabilities(request.headers)
    guard hasWhatIsRequired(request, fields, flow, peer) else { return }
    let replaced = replacement(request, fields, flow)
    if replaced.isRefused { return }
    let localTag = random.token()
    guard let dialog = Dialog(answering: request, fields, localTag: localTag) else {
      return respondStatelessly(400, reason: "Missing Contact", to: request, fields, flow)
    }
    let id = nextLegID()
    guard let transaction = transactions.open(request, fields, on: flow, leg: id, now: now) else {
      return refuseOverload(request, fields, flow)
    }
    let sdp = request.sessionDescription
    let isTrusted = identity.assertsIdentities
    var leg = Leg(
      id: id, callID: fields.callID, localTag: localTag,
      contact: contact(user: request.uri.escapedUser, isSecure: request.uri.scheme == .sips, via: .flow(flow)),
      credentials: self.credentials(for: identity),
      phase: .ringing(IncomingCall(transaction: transaction, request: request, dialog: dialog, hasOffer: sdp != nil)),
      path: UserAgent.path(answering: request, dialog, flow))
    leg.peer = peer
    leg.identity = identity
    leg.remember(remote: sdp)
    transactions.respond(SIPResponse(to: request, status: 100), in: transaction, now: now, &outputs, &timers)
    shares.add(id, of: flow.remote.host)
    add(leg)
    var invite = IncomingInvite(
      requestURI: request.uri, from: fields.from, to: fields.to,
      assertedIdentities: isTrusted ? (try? request.headers.assertedIdentities()) ?? [] : [],
      privacy: request.headers.tokens(.privacy).map { $0.lowercased() }, sdp: sdp, flow: flow, identity: identity, callID: fields.callID,
      maxForwards: (try? request.headers.maxForwards()) ?? 70, request: request)
    invite.contactUser = trunkContactUser(identity)
    invite.replaces = replaced.leg
    outputs.report(.incoming(id, invite))
  }

  /// Whether the peer brings what our configuration asks for; false: it was answered with 421 or 422.
  private mutating func hasWhatIsRequired(
    _ request: SIPRequest, _ fields: MessageFields, _ flow: Flow, _ peer: PeerCapabilities
  ) -> Bool {
    if configuration.reliableProvisionals == .required, !peer.contains(.reliableProvisionals) {
      respondStatelessly(421, to: request, fields, flow) { _, response in response.headers.add(.require, "100rel") }
      return false
    }
    if let minimum = tooSmallInterval(request, peer) {
      respondStatelessly(422, to: request, fields, flow) { _, response in response.headers.add(.minSE, String(minimum)) }
      return false
    }
    return true
  }

  /// Over the flow when the peer itself is at its other end, or when a proxy keeps a connection to us; else as Record-Route and Contact say.
  private static func path(answering request: SIPRequest, _ dialog: Dialog, _ flow: Flow) -> Leg.Path {
    flow.transport.isReliable || (dialog.routeSet.isEmpty && request.headers.hasSingleVia) ? .flow(flow) : .target
  }

  private mutating func receiveCancel(_ request: SIPRequest, _ fields: MessageFields, _ flow: Flow, now: Duration) {
    guard let transaction = transactions.invite(cancelledBy: request, fields), let id = transactions.servers[transaction]?.leg else {
      return respondStatelessly(481, to: request, fields, flow)
    }
    let isPending = transactions.servers[transaction]?.isPending == true
    respondStatelessly(200, to: request, fields, flow, toTag: legs[id]?.localTag)
    guard isPending else { return }
    withLeg(id) { agent, leg in
      switch leg.phase {
      case .ringing(let call) where call.transaction == transaction:
        agent.refuse(call, &leg, status: 487, reason: nil, now: now)
        agent.end(&leg, .cancelled(request.headers.reasons.first), now: now)
      case .established(let session):
        // The peer takes its re-INVITE back.
        guard case .receiving(transaction, let invite, _) = session.modification else { return }
        leg.setModification(.idle, remoteTag: session.dialog.remoteTag)
        agent.respond(487, to: invite, in: transaction, leg, now: now)
        agent.outputs.report(.offerWithdrawn(leg.id))
        agent.sendQueuedOffer(&leg, now: now)
      case .calling, .cancelling, .ringing, .closing, .over:
        break
      }
    }
  }

  // MARK: Refusals

  private mutating func refuseMalformed(_ request: SIPRequest, _ verdict: RequestValidation.Result, _ flow: Flow) {
    switch verdict {
    case .ok, .drop:
      counters.malformed += 1
    case .respond(let status, let reason, _):
      if status == 405 || status == 501 {
        outputs.report(.attemptRefused(.unsupported(method: request.method.name), flow))
      } else {
        counters.malformed += 1
        outputs.report(.attemptRefused(.malformed("\(status) \(reason)"), flow))
      }
      var request = request
      let (destination, branch) = UserAgent.prepareForAnswer(&request.headers, flow)
      let tag = UserAgent.statelessTag(request.headers.callID ?? "", branch: branch)
      guard var response = SIPResponse(to: request, refusedBy: verdict, toTag: tag) else { return }
      addServer(&response)
      transactions.transmit(response, to: destination, &outputs)
    }
  }

  mutating func refuseOverload(_ request: SIPRequest, _ fields: MessageFields, _ flow: Flow) {
    counters.overloads += 1
    outputs.report(.attemptRefused(.overloaded, flow))
    // No Retry-After: it would keep an upstream proxy from using the whole gateway (RFC 3261 §21.5.4).
    respondStatelessly(503, to: request, fields, flow)
  }

  /// Answers without keeping anything (RFC 3261 §8.2.7); the same request again gets the same answer.
  mutating func respondStatelessly(
    _ status: Int, reason: String? = nil, to request: SIPRequest, _ fields: MessageFields, _ flow: Flow, toTag: String? = nil,
    _ decorate: (inout UserAgent, inout SIPResponse) -> Void = { _, _ in }
  ) {
    guard request.method != .ack else { return }
    let tag = toTag ?? UserAgent.statelessTag(fields.callID, branch: fields.via.branch)
    var response = SIPResponse(to: request, status: status, reason: reason, toTag: tag)
    addServer(&response)
    decorate(&self, &response)
    transactions.transmit(response, to: ServerTransaction.responseDestination(via: fields.via, flow: flow), &outputs)
  }

  /// Marks the top Via with where the request came from; where an answer goes, and the branch.
  ///
  /// With a Via that cannot be read the answer goes back where the request came from, the Via as it was.
  static func prepareForAnswer(_ headers: inout SIPHeaders, _ flow: Flow) -> (destination: Destination, branch: String?) {
    guard var via = try? headers.topVia() else { return (.flow(flow), nil) }
    let destination = ServerTransaction.responseDestination(via: via, flow: flow)
    via.markReceived(from: flow.remote)
    headers.replaceTopVia(via)
    return (destination, via.branch)
  }

  /// A To tag that a repeated request gets again: FNV-1a over what makes it the same.
  static func statelessTag(_ callID: String, branch: String?) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in callID.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    for byte in (branch ?? "").utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    return HexadecimalNumber.text(hash)
  }
}
