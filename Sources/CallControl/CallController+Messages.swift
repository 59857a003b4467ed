import SIP

// Text messages from account to account.
extension CallController {
  mutating func received(_ message: MessageID, _ text: IncomingMessage, _ now: Duration) {
    // Within a call there is nobody to read it: the line is a telephone's.
    guard text.leg == nil else { return userAgent.answerMessage(message, status: 405, now: now) }
    guard let account = text.requestURI.user, configuration.userAgent.accounts.contains(where: { $0.user == account }) else {
      return userAgent.answerMessage(message, status: 404, now: now)
    }
    let contacts = userAgent.bindings(of: account, now: now)
    guard !contacts.isEmpty else { return userAgent.answerMessage(message, status: 480, now: now) }
    guard !messages.isFull else { return userAgent.answerMessage(message, status: 503, now: now) }
    let copies = contacts.map { contact in
      let host = signallingHost(for: contact.flow)
      let copy = OutgoingMessage(
        uri: contact.uri.forRequestLine, from: sender(of: text, host: host), to: NameAddress(uri: SIPURI(user: account, host: host)),
        contentType: text.contentType, body: text.body, destination: .flow(contact.flow))
      return userAgent.sendMessage(copy, now: now)
    }
    messages.sent(message, copies: copies, now: now)
    deadlines.set(.messages, to: messages.deadline)
  }

  /// Who has shown its password writes under its own name.
  private func sender(of text: IncomingMessage, host: String) -> NameAddress {
    guard case .account(let account) = text.identity else { return NameAddress(uri: text.from.uri, displayName: text.from.displayName) }
    return NameAddress(uri: SIPURI(user: account, host: host), displayName: text.from.displayName)
  }

  mutating func messageDelivered(_ copy: MessageID, _ now: Duration) {
    if let message = messages.delivered(copy) { userAgent.answerMessage(message, status: 200, now: now) }
    deadlines.set(.messages, to: messages.deadline)
  }

  mutating func messageFailed(_ copy: MessageID, _ status: Int, _ now: Duration) {
    if let (message, status) = messages.failed(copy, status: status) { userAgent.answerMessage(message, status: status, now: now) }
    deadlines.set(.messages, to: messages.deadline)
  }

  mutating func messagesAreDue(_ now: Duration) {
    for (message, status) in messages.expire(now: now) { userAgent.answerMessage(message, status: status, now: now) }
    deadlines.set(.messages, to: messages.deadline)
  }
}
