// Transfers that the peer asks for (RFC 3515).
extension UserAgent {
  /// Takes a transfer: 202, and NOTIFY 100 Trying unless the peer wants none.
  package mutating func acceptTransfer(_ leg: LegID, now: Duration) {
    withLeg(leg) { agent, leg in
      guard case .requested(let asked) = leg.transfer else { return }
      leg.transfer = nil
      agent.respond(202, to: asked.request, in: asked.transaction, leg, now: now) { _, response in
        response.headers.add(.contact, leg.contact)
        if !asked.wantsReports { response.headers.add(.referSub, "false") }
      }
      guard asked.wantsReports else { return }
      let report = Transfer.Report(
        id: leg.hadTransfer ? asked.number : nil, deadline: now + .seconds(Transfer.reportTime), dialog: nil)
      leg.hadTransfer = true
      leg.transfer = .reporting(report)
      agent.report(100, reason: nil, isFinal: false, report, &leg, now: now)
    }
    reap()
  }

  /// Tells the peer how the transfer goes; after `isFinal` nothing more is told.
  ///
  /// It may be called after the leg has ended by the peer's BYE, too.
  package mutating func notifyTransfer(_ leg: LegID, status: Int, reason: String? = nil, isFinal: Bool, now: Duration) {
    withLeg(leg) { agent, leg in
      guard case .reporting(let report) = leg.transfer else { return }
      agent.report(status, reason: reason, isFinal: isFinal, report, &leg, now: now)
    }
    reap()
  }

  /// Refuses a transfer with 300 … 699; anything else is sent as 603.
  package mutating func rejectTransfer(_ leg: LegID, status: Int, now: Duration) {
    withLeg(leg) { agent, leg in agent.refuseTransfer(&leg, status: (300..<700).contains(status) ? status : 603, now: now) }
    reap()
  }

  mutating func refuseTransfer(_ leg: inout Leg, status: Int, now: Duration) {
    guard case .requested(let asked) = leg.transfer else { return }
    leg.transfer = nil
    respond(status, to: asked.request, in: asked.transaction, leg, now: now)
  }

  // MARK: REFER of the peer

  mutating func receiveRefer(
    _ request: SIPRequest, _ fields: MessageFields, _ transaction: ServerTransactionID, _ leg: inout Leg, now: Duration
  ) {
    guard case .established = leg.phase else {
      return respond(leg.isActive ? 491 : 481, to: request, in: transaction, leg, now: now)
    }
    guard leg.transfer == nil else { return respond(491, to: request, in: transaction, leg, now: now) }
    let asked: TransferRequest
    switch TransferRequest.read(request.headers) {
    case .success(let read): asked = read
    case .failure(let refusal): return respond(refusal.status, to: request, in: transaction, leg, now: now)
    }
    leg.transfer = .requested(
      Transfer.Request(
        transaction: transaction, request: request, number: fields.cseq.number,
        wantsReports: request.headers[.referSub]?.lowercased().hasPrefix("false") != true, deadline: now + Transfer.answerTime))
    outputs.report(.transferRequested(leg.id, asked))
  }

  // MARK: Reports

  private mutating func report(
    _ status: Int, reason: String?, isFinal: Bool, _ report: Transfer.Report, _ leg: inout Leg, now: Duration
  ) {
    var report = report
    var dialog: Dialog
    if case .established(let session) = leg.phase {
      dialog = session.dialog
    } else if let kept = report.dialog {
      dialog = kept
    } else {
      leg.transfer = nil
      return
    }
    var request = dialog.makeRequest(.notify)
    request.headers.add(.contact, leg.contact)
    request.headers.add(.event, report.id.map { "refer;id=\($0)" } ?? "refer")
    let left = max(0, (report.deadline - now).components.seconds)
    request.headers.add(.subscriptionState, isFinal ? "terminated;reason=noresource" : "active;expires=\(left)")
    request.headers.add(.contentType, MediaType.sipFragment)
    let phrase = (reason ?? SIPStatus.reasonPhrase(status)).filter { !$0.isNewline }
    request.body = Array("SIP/2.0 \(status) \(phrase)\r\n".utf8)
    if report.dialog == nil { leg.update(dialog) } else { report.dialog = dialog }
    leg.transfer = isFinal ? nil : .reporting(report)
    sendWithin(dialog, request, &leg, .notify, now: now)
  }

  /// What became of a NOTIFY: a peer that does not know the subscription gets no more (RFC 6665 §4.1.3).
  mutating func takeNotification(_ notification: TransactionLayer.ClientReport, _ leg: inout Leg, now: Duration) {
    guard case .response(let response) = notification.result else {
      leg.forgetReports()
      return
    }
    if response.isProvisional || response.isSuccess { return }
    if sendAgain(response, notification, &leg, now: now) == nil { leg.forgetReports() }
  }

  /// The time of a transfer is over.
  mutating func advanceTransfer(_ leg: inout Leg, to now: Duration) {
    guard let transfer = leg.transfer, now >= transfer.deadline else { return }
    switch transfer {
    case .requested: refuseTransfer(&leg, status: 603, now: now)
    case .reporting(let report): self.report(408, reason: nil, isFinal: true, report, &leg, now: now)
    }
  }
}

extension Leg {
  fileprivate mutating func forgetReports() {
    if case .reporting = transfer { transfer = nil }
  }
}

extension TransferRequest {
  /// Why a REFER is refused.
  struct ReadingError: Error { var status: Int }

  /// Reads a REFER (RFC 3515 §2.1); one Refer-To with a URI that can be called.
  static func read(_ headers: SIPHeaders) -> Result<TransferRequest, ReadingError> {
    guard let address = try? headers.nameAddress(.referTo) else { return .failure(ReadingError(status: 400)) }
    let uri = address.uri
    guard uri.isSIP || uri.scheme == .tel else { return .failure(ReadingError(status: 416)) }
    if let method = uri.parameters["method"], !method.equalsIgnoringCase("INVITE") { return .failure(ReadingError(status: 603)) }
    var result = TransferRequest(target: uri.forRequestLine, referredBy: try? headers.nameAddress(.referredBy))
    if let field = uri.headerFields.first(where: { $0.name.equalsIgnoringCase("Replaces") }) {
      guard let replaces = try? ReplacesHeader(parsing: field.value) else { return .failure(ReadingError(status: 400)) }
      result.replaces = replaces
    }
    return .success(result)
  }
}
