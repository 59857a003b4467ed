import SIP
import Testing

/// MESSAGE (RFC 3428), both ways.
struct PagerMessageTests {
  private func outgoing(_ text: String = "hello", credentials: [SIPCredentials] = []) -> OutgoingMessage {
    var message = OutgoingMessage(
      uri: SIPURI(user: "alice", address: VirtualNetwork.address(1)), from: NameAddress(uri: SIPURI(user: "bob", host: "192.0.2.1")),
      to: NameAddress(uri: SIPURI(user: "alice", host: "192.0.2.2")), body: Array(text.utf8))
    message.credentials = credentials
    return message
  }

  private func answers(_ network: VirtualNetwork, _ status: Int = 200) {
    network.react = { network, index, event in
      if case .message(let id, _) = event { network.agents[index].answerMessage(id, status: status, now: network.now) }
    }
  }

  @Test
  func messageIsDeliveredOnceThoughItsAnswerIsLost() {
    let network = VirtualNetwork.pair()
    answers(network)
    var lost = 0
    network.passes = { sent in
      guard sent.sender == 1, lost < 2 else { return true }
      lost += 1
      return false
    }
    _ = network.agents[0].sendMessage(outgoing(), now: network.now)
    network.run()
    #expect(network.requests(.message).count == 3)
    #expect(network.names(1) == ["message hello"])
    #expect(network.names(0) == ["messageDelivered"])
    guard case .message(_, let message) = network.events[1][0] else { return #expect(Bool(false)) }
    #expect(message.contentType == "text/plain;charset=UTF-8")
    #expect(message.leg == nil)
    #expect(network.isIdle)
  }

  @Test
  func senderHasToAuthenticate() {
    let network = VirtualNetwork.pair { index, configuration in
      configuration.requiresAuthentication = index == 1
      configuration.accounts = [SIPAccount(user: "bob", password: "secret")]
    }
    answers(network)
    _ = network.agents[0].sendMessage(outgoing("no"), now: network.now)
    _ = network.agents[0].sendMessage(outgoing("wrong", credentials: [SIPCredentials(user: "bob", password: "x")]), now: network.now)
    _ = network.agents[0].sendMessage(outgoing("yes", credentials: [SIPCredentials(user: "bob", password: "secret")]), now: network.now)
    network.run()
    #expect(network.names(0).sorted() == ["messageDelivered", "messageFailed 401", "messageFailed 401"])
    guard case .message(_, let message)? = network.events[1].first(where: { if case .message = $0 { true } else { false } }) else {
      return #expect(Bool(false))
    }
    #expect(message.identity == .account("bob"))
    #expect(String(decoding: message.body, as: UTF8.self) == "yes")
    #expect(network.isIdle)
  }

  @Test
  func refusalAndSilenceAreReported() {
    let network = VirtualNetwork.pair()
    answers(network, 404)
    _ = network.agents[0].sendMessage(outgoing(), now: network.now)
    network.run()
    network.passes = { _ in false }
    _ = network.agents[0].sendMessage(outgoing(), now: network.now)
    network.run()
    #expect(network.names(0) == ["messageFailed 404", "messageFailed 408"])
    #expect(network.isIdle)
  }

  @Test
  func messageThatNobodyAnswersIsRefusedAfter20Seconds() {
    let network = VirtualNetwork.pair()
    _ = network.agents[0].sendMessage(outgoing(), now: network.now)
    network.run()
    #expect(network.names(0) == ["messageFailed 480"])
    #expect(network.isIdle)
  }

  @Test
  func messageWithinACallNamesItsLeg() throws {
    let network = VirtualNetwork.pair()
    network.answersCalls()
    network.call()
    network.run(until: .seconds(1))
    answers(network)
    let request = network.within(.message, cseq: 5) {
      $0.headers.set(.contentType, "text/plain")
      $0.body = Array("hi".utf8)
    }
    network.deliver(.request(request), from: 0, to: 1)
    guard case .message(_, let message)? = network.events[1].last else { return #expect(Bool(false)) }
    #expect(message.leg == network.incomingLeg)
    #expect(network.lastResponse?.status == 200)
    #expect(network.lastResponse?.headers.toTag == request.headers.toTag)
  }

  @Test
  func longMessageIsNotSentOverUDP() {
    let network = VirtualNetwork.pair()
    _ = network.agents[0].sendMessage(outgoing(String(repeating: "x", count: 1301)), now: network.now)
    network.run()
    #expect(network.names(0) == ["messageFailed 513"])
    #expect(network.wire.isEmpty)
  }

  @Test
  func waitingMessagesAreBounded() {
    let network = VirtualNetwork.pair()
    for _ in 0..<1500 { _ = network.agents[0].sendMessage(outgoing(), now: network.now) }
    network.drain()
    #expect(network.requests(.message).count == 1024)
    #expect(network.names(0).filter { $0 == "messageFailed 503" }.count == 476)
    network.run()
    #expect(network.isIdle)
  }
}
