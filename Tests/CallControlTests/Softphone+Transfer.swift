import CallControl
import SIP
import Testing

// What a softphone does that transfers a call, and messages that it sends as they are.
extension Softphone {
  /// Asks for a transfer of a leg (the newest where none is named).
  func refer(to target: String, replaces: ReplacesHeader? = nil, leg: LegID? = nil, _ now: Duration) {
    guard let leg = leg ?? self.leg, var (request, _) = userAgent.makeRequest(.refer, in: leg) else {
      Issue.record("\(name) has no call to transfer")
      return
    }
    var text = target
    if let replaces {
      let value = String(decoding: replaces.wireBytes, as: UTF8.self)
      text += "?Replaces=" + value.map { "=;@".contains($0) ? "%" + String($0.asciiValue ?? 0, radix: 16) : String($0) }.joined()
    }
    request.headers.add(named: "Refer-To", "<\(text)>")
    request.headers.add(named: "Referred-By", "<sip:\(name)@\(Rig.gateway.host)>")
    sendAsItIs(.request(request))
  }

  /// An INVITE that takes the place of another call.
  func takeOver(_ replaces: ReplacesHeader, sdp: [UInt8]?, _ now: Duration) {
    let uri = SIPURI(user: "gateway", host: Rig.gateway.host)
    var invite = OutgoingInvite(
      uri: uri, from: NameAddress(uri: SIPURI(user: name, host: Rig.gateway.host)), to: NameAddress(uri: uri), sdp: sdp,
      destination: .flow(flow))
    invite.replaces = replaces
    invite.credentials = credentials
    wantsToAnswer = sdp == nil
    place(invite, now)
  }

  func message(to user: String, _ text: String, _ now: Duration) {
    let uri = SIPURI(user: user, host: Rig.gateway.host)
    _ = userAgent.sendMessage(
      OutgoingMessage(
        uri: uri, from: NameAddress(uri: SIPURI(user: name, host: Rig.gateway.host)), to: NameAddress(uri: uri), contentType: "text/plain",
        body: Array(text.utf8), destination: .flow(flow)),
      now: now)
  }

  /// Takes what the user agent does not know of: answers to REFER, and its reports.
  func takesItself(_ message: SIPMessage) -> Bool {
    switch message {
    case .response(let response):
      guard (try? response.headers.cseq())?.method == .refer else { return false }
      note(.referAnswered(response.status))
      return true
    case .request(let request):
      guard request.method == .notify else { return false }
      let line = String(decoding: request.body, as: UTF8.self).split(separator: " ")
      let isFinal = request.headers[.subscriptionState]?.hasPrefix("terminated") == true
      note(.notified(line.count > 1 ? Int(line[1]) ?? 0 : 0, isFinal: isFinal))
      sendAsItIs(.response(SIPResponse(to: request, status: 200)))
      return true
    }
  }
}

extension ReplacesHeader {
  var wireBytes: [UInt8] {
    var bytes: [UInt8] = []
    write(to: &bytes)
    return bytes
  }
}

extension Rig {
  /// From a trusted network a REGISTER needs no password; that it does from elsewhere is the user agent's test.
  func register(_ phone: Softphone, as account: String, expires: Int = 3600) throws {
    let address = phone.address.description
    let text = """
      REGISTER sip:\(Rig.gateway.host) SIP/2.0\r
      Via: SIP/2.0/UDP \(address);branch=z9hG4bK\(phone.name)\(account)\(expires)\r
      Max-Forwards: 70\r
      From: <sip:\(account)@\(Rig.gateway.host)>;tag=\(phone.name)\r
      To: <sip:\(account)@\(Rig.gateway.host)>\r
      Call-ID: \(phone.name)@test\r
      CSeq: \(4000 - expires) REGISTER\r
      Contact: <sip:\(account)@\(address)>\r
      Expires: \(expires)\r
      Content-Length: 0\r
      \r

      """
    let message = try SIPParser.parse(datagram: Array(text.utf8))
    controller.sip(message, on: phone.gatewayFlow, now: now)
    run(for: .milliseconds(1))
  }
}
