package import RealTime
package import SIP

// Transfers and what else a softphone does beside calling: messages that the user agent does not know of.
extension VirtualSoftphone {
  /// Asks the gateway to call somebody else in this softphone's place (REFER); a lost one is not sent again.
  package func refer(_ call: SoftphoneCall, to target: String, replaces: ReplacesHeader? = nil, now: MediaTime) {
    guard call.isAnswered, !call.isOver, var (request, _) = userAgent.makeRequest(.refer, in: call.leg) else { return }
    var text = target
    if let replaces {
      let parameters = [("to-tag", replaces.toTag), ("from-tag", replaces.fromTag)].map { "%3B\($0)%3D\($1)" }.joined()
      text += "?Replaces=" + replaces.callID.replacing("@", with: "%40") + parameters
    }
    request.headers.add(named: "Refer-To", "<\(text)>")
    send(.request(request))
  }

  /// Calls in the place of another telephone's call (INVITE with Replaces).
  @discardableResult
  package func takeOver(_ replaces: ReplacesHeader, now: MediaTime) -> SoftphoneCall? {
    place("gateway", replaces: replaces, now: now)
  }

  /// What names a call of this softphone to others; nil: it has no dialog.
  package func replacesHeader(for call: SoftphoneCall) -> ReplacesHeader? { userAgent.replacesHeader(for: call.leg) }

  /// Takes answers to REFER, and its reports; true: it was one.
  func takesItself(_ message: SIPMessage, now: MediaTime) -> Bool {
    switch message {
    case .response(let response):
      guard (try? response.headers.cseq())?.method == .refer else { return false }
      referAnswers.append(response.status)
      return true
    case .request(let request):
      guard request.method == .notify else { return false }
      let words = String(decoding: request.body, as: UTF8.self).split(separator: " ")
      if let status = words.dropFirst().first.flatMap({ Int($0) }) { reports.append(status) }
      send(.response(SIPResponse(to: request, status: 200)))
      return true
    }
  }
}
