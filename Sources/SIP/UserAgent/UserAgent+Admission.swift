// New calls that are not even looked at.
extension UserAgent {
  /// An INVITE for a new call that admission holds back; a repetition of one that was taken never comes here.
  func isHeldBack(_ request: SIPRequest, _ fields: MessageFields) -> Bool {
    guard request.method == .invite, fields.toTag == nil else { return false }
    if let number = emergencyNumber(request.uri), configuration.emergencyNumbers.contains(number) { return false }
    // A call that takes the place of another is no further call.
    if request.headers.contains(.replaces), let replaces = try? request.headers.replaces(), leg(matching: replaces) != nil { return false }
    return true
  }

  private func emergencyNumber(_ uri: SIPURI) -> String? {
    guard !configuration.emergencyNumbers.isEmpty else { return nil }
    if let subscriber = uri.telephoneSubscriber { return subscriber.digits }
    return uri.user
  }

  /// 503 with as little work as a response can be.
  mutating func holdBack(_ request: SIPRequest, _ fields: MessageFields, _ flow: Flow, _ seconds: Int) {
    counters.notAdmitted += 1
    var response = SIPResponse(
      to: marked(request, fields, flow), status: 503, toTag: UserAgent.statelessTag(fields.callID, branch: fields.via.branch))
    response.headers.add(.retryAfter, String(max(0, seconds)))
    transactions.transmit(response, to: ServerTransaction.responseDestination(via: fields.via, flow: flow), &outputs)
  }
}
