import SIP

/// Two user agents whose calls go wrong in every way that a seed thinks of: bytes changed, messages lost, doubled, late, sent back, replayed
/// and turned into other requests; applications that say anything at any time.
///
/// The agents live as long as this object: what one call leaves behind shows in the next.
final class DialogMutations {
  private enum Pending {
    case deliver([UInt8], to: Int)
    case act(Int)
    case hangUpAll
  }

  private(set) var agents: [UserAgent]
  private(set) var mutations = 0
  private(set) var dialogs = 0
  private(set) var answered = 0
  private(set) var problems: [String] = []
  private var random: Generator
  private var now: Duration = .zero
  private var pending: [(time: Duration, order: Int, what: Pending)] = []
  private var order = 0
  /// Legs that have begun and not ended, of each agent.
  private var live: [Set<LegID>] = [[], []]
  private var ended: [Set<LegID>] = [[], []]
  private var messages: [MessageID] = []
  /// Messages that were on the wire, for replays; with their receiver.
  private var history: [(bytes: [UInt8], receiver: Int)] = []
  private var rate = 0.0

  init(seed: UInt64) {
    random = Generator(state: seed)
    agents = (0..<2).map { index in
      var configuration = VirtualNetwork.configuration(index)
      configuration.requiresAuthentication = index == 1
      configuration.accounts = [SIPAccount(user: "bob", password: "secret")]
      configuration.sessionExpires = 120
      configuration.limits.legs = 64
      return UserAgent(configuration: configuration, seed: seed &* 2 &+ UInt64(index))
    }
  }

  /// One call from its INVITE until nothing of it is left.
  func play() {
    dialogs += 1
    rate = Double(random.number(in: 5...60)) / 100
    ended = [[], []]
    place(from: random.chance(0.8) ? 0 : 1)
    for _ in 0..<random.number(in: 0...8) {
      schedule(now + .milliseconds(random.number(in: 0...4000)), .act(random.number(in: 0...1)))
    }
    schedule(now + .seconds(random.number(in: 5...200)), .hangUpAll)
    for _ in 0..<20 {
      run()
      if isIdle { break }
      hangUpAll()
    }
    if !isIdle {
      problems.append(
        "dialog \(dialogs): \(agents.map { [$0.legCount, $0.dialogCount, $0.clientTransactionCount, $0.serverTransactionCount] })")
    }
    for index in 0..<2 where agents[index].timerCount != 0 || agents[index].nextDeadline != nil || agents[index].activeLegs != 0 {
      problems.append("dialog \(dialogs): agent \(index) has \(agents[index].timerCount) timers, \(agents[index].activeLegs) active legs")
    }
  }

  private var isIdle: Bool { pending.isEmpty && live.allSatisfy(\.isEmpty) && agents.allSatisfy(\.isIdle) }

  private func place(from index: Int) {
    let target = VirtualNetwork.address(1 - index)
    var invite = OutgoingInvite(
      uri: SIPURI(user: "0333331234", address: target), from: NameAddress(uri: SIPURI(user: "bob", host: "192.0.2.1")),
      to: NameAddress(uri: SIPURI(user: "0333331234", host: "192.0.2.2")), sdp: random.chance(0.2) ? nil : VirtualNetwork.offer)
    invite.credentials = [SIPCredentials(user: "bob", password: "secret")]
    if random.chance(0.05), let leg = live[index].first { invite.replaces = agents[index].replacesHeader(for: leg) }
    live[index].insert(agents[index].invite(invite, now: now))
    drain()
  }

  // MARK: Time

  private func schedule(_ time: Duration, _ what: Pending) {
    order += 1
    pending.append((time, order, what))
  }

  private func run() {
    var steps = 0
    while steps < 20_000 {
      steps += 1
      let next = pending.indices.min { (pending[$0].time, pending[$0].order) < (pending[$1].time, pending[$1].order) }
      let deadline = agents.compactMap(\.nextDeadline).min()
      guard let time = [next.map { pending[$0].time }, deadline].compactMap({ $0 }).min() else { return }
      now = max(now, time)
      if let next, pending[next].time <= now {
        switch pending.remove(at: next).what {
        case .deliver(let bytes, let receiver): deliver(bytes, to: receiver)
        case .act(let index): act(index)
        case .hangUpAll: hangUpAll()
        }
      } else {
        for index in agents.indices { agents[index].advance(to: now) }
      }
      drain()
    }
    problems.append("dialog \(dialogs): no end after \(steps) steps")
  }

  private func hangUpAll() {
    for index in 0..<2 {
      for leg in live[index].sorted(by: { $0.rawValue < $1.rawValue }) { agents[index].hangUp(leg, reason: .q850(16), now: now) }
    }
    drain()
  }

  private func flow(at index: Int) -> Flow {
    Flow(transport: .udp, id: 1, local: VirtualNetwork.address(index), remote: VirtualNetwork.address(1 - index))
  }

  private func deliver(_ bytes: [UInt8], to index: Int) {
    do throws(SIPParseError) {
      agents[index].receive(try SIPParser.parse(datagram: bytes), on: flow(at: index), now: now)
    } catch {
      agents[index].receiveUnparsable(error, on: flow(at: index), now: now)
    }
  }

  private func drain() {
    var isBusy = true
    while isBusy {
      isBusy = false
      for index in agents.indices {
        while let output = agents[index].nextOutput() {
          isBusy = true
          switch output {
          case .transmit(let message, _): transmit(message, from: index)
          case .event(let event): take(event, index)
          default: break
          }
        }
      }
    }
  }

  // MARK: The network

  private func transmit(_ message: SIPMessage, from index: Int) {
    var message = message
    if random.chance(rate * 0.1), let other = ByteMutation.turned(message, &random) {
      message = other
      mutations += 1
    }
    var bytes = message.serialize()
    if history.count < 64 {
      history.append((bytes, 1 - index))
    } else {
      history[random.number(in: 0...63)] = (bytes, 1 - index)
    }
    var delay = random.number(in: 1...30)
    if random.chance(rate) {
      mutations += 1
      switch random.number(in: 0...9) {
      case 0...4: ByteMutation.apply(&bytes, &random)
      case 5: return
      case 6: schedule(now + .milliseconds(random.number(in: 1...900)), .deliver(bytes, to: 1 - index))
      case 7: delay = random.number(in: 30...3000)
      case 8: schedule(now + .milliseconds(5), .deliver(bytes, to: index))
      default:
        let old = history[random.number(in: 0...(history.count - 1))]
        schedule(now + .milliseconds(random.number(in: 1...2000)), .deliver(old.bytes, to: old.receiver))
      }
    }
    schedule(now + .milliseconds(delay), .deliver(bytes, to: 1 - index))
  }

  // MARK: The applications

  private func take(_ event: UserAgent.Event, _ index: Int) {
    if case .message(let id, _) = event {
      if random.chance(0.8) { agents[index].answerMessage(id, status: 200, now: now) } else { messages.append(id) }
    }
    guard let leg = event.leg else { return }
    if ended[index].contains(leg) { problems.append("dialog \(dialogs): \(event.name) of \(leg) after its end") }
    if event.isTerminal {
      live[index].remove(leg)
      ended[index].insert(leg)
      return
    }
    live[index].insert(leg)
    let isPrompt = random.chance(0.8)
    switch event {
    case .incoming where isPrompt:
      if random.chance(0.6) { agents[index].progress(leg, status: 183, sdp: VirtualNetwork.answer, now: now) }
      if random.chance(0.6) { agents[index].answer(leg, sdp: VirtualNetwork.answer, now: now) }
    case .answered:
      answered += 1
      agents[index].acknowledge(leg, sdp: VirtualNetwork.answer, now: now)
    case .offered where isPrompt:
      agents[index].acceptOffer(leg, sdp: VirtualNetwork.answer, now: now)
    case .transferRequested where isPrompt:
      agents[index].acceptTransfer(leg, now: now)
    default:
      break
    }
    if random.chance(0.3) { schedule(now + .milliseconds(random.number(in: 0...1500)), .act(index)) }
  }

  /// Any command, in place or not, on any leg.
  private func act(_ index: Int) {
    mutations += 1
    guard let leg = (random.chance(0.9) ? live[index] : ended[index]).min(by: { $0.rawValue < $1.rawValue }) else { return }
    switch random.number(in: 0...16) {
    case 0: agents[index].hangUp(leg, reason: nil, now: now)
    case 1: agents[index].reject(leg, status: 486, reason: nil, now: now)
    case 2, 3: agents[index].progress(leg, status: 180, sdp: random.chance(0.5) ? VirtualNetwork.answer : nil, now: now)
    case 4, 5: agents[index].answer(leg, sdp: VirtualNetwork.answer, now: now)
    case 6...8: agents[index].offer(leg, sdp: VirtualNetwork.offer, now: now)
    case 9: agents[index].acceptOffer(leg, sdp: VirtualNetwork.answer, now: now)
    case 10: agents[index].rejectOffer(leg, status: 488, now: now)
    case 11: agents[index].sendInfo(leg, contentType: "application/dtmf", body: [0x35], now: now)
    case 12: agents[index].ping(leg, now: now)
    case 13: agents[index].notifyTransfer(leg, status: 180, isFinal: random.chance(0.5), now: now)
    case 14: agents[index].rejectTransfer(leg, status: 603, now: now)
    case 15:
      let target = SIPURI(user: "a", address: VirtualNetwork.address(1 - index))
      let from = NameAddress(uri: SIPURI(user: "bob", host: "192.0.2.1"))
      var message = OutgoingMessage(uri: target, from: from, to: NameAddress(uri: target), body: [0x41])
      message.credentials = [SIPCredentials(user: "bob", password: "secret")]
      _ = agents[index].sendMessage(message, now: now)
    default: place(from: index)
    }
  }
}

/// Changes of one message.
enum ByteMutation {
  static func apply(_ bytes: inout [UInt8], _ random: inout Generator) {
    for _ in 0..<random.number(in: 1...3) where !bytes.isEmpty {
      let position = random.number(in: 0...(bytes.count - 1))
      switch random.number(in: 0...6) {
      case 0: bytes[position] = UInt8(truncatingIfNeeded: random.next())
      case 1: bytes.remove(at: position)
      case 2: bytes.insert(bytes[random.number(in: 0...(bytes.count - 1))], at: position)
      case 3: bytes.removeSubrange(position..<min(bytes.count, position + random.number(in: 1...40)))
      case 4: bytes.insert(contentsOf: Array(bytes[position..<min(bytes.count, position + random.number(in: 1...80))]), at: position)
      case 5: changeDigit(&bytes, from: position, &random)
      default: bytes.removeLast(random.number(in: 1...min(bytes.count, 60)))
      }
    }
  }

  /// The next digit becomes another: a CSeq, an RSeq, a port, a tag that is not quite the same.
  private static func changeDigit(_ bytes: inout [UInt8], from position: Int, _ random: inout Generator) {
    guard let index = bytes[position...].firstIndex(where: { $0 >= 0x30 && $0 <= 0x39 }) else { return }
    bytes[index] = 0x30 + UInt8(random.number(in: 0...9))
  }

  /// A request of another method, or a response of another status, in the same place.
  static func turned(_ message: SIPMessage, _ random: inout Generator) -> SIPMessage? {
    switch message {
    case .request(var request):
      let methods: [SIPMethod] = [.invite, .ack, .bye, .cancel, .update, .prack, .refer, .message, .info, .options, .notify]
      let method = methods[random.number(in: 0...(methods.count - 1))]
      guard let cseq = try? request.headers.cseq() else { return nil }
      request.method = method
      request.headers.set(.cseq, CSeq(cseq.number &+ UInt32(random.number(in: 0...2)), method))
      switch method {
      case .refer: request.headers.set(.referTo, "<sip:0312345678@192.0.2.2>")
      case .prack: request.headers.set(.rack, ResponseAcknowledgement(number: UInt32(random.number(in: 1...9)), cseq: CSeq(1, .invite)))
      case .update: request.headers.set(.sessionExpires, SessionExpires(seconds: random.number(in: 60...200), refresher: .uac))
      case .message: request.headers.set(.contentType, "text/plain")
      default: break
      }
      return .request(request)
    case .response(var response):
      let statuses = [100, 180, 183, 200, 202, 302, 401, 407, 408, 422, 481, 486, 491, 500, 503, 603]
      response.status = statuses[random.number(in: 0...(statuses.count - 1))]
      if random.chance(0.3) {
        response.headers.set(.require, "100rel")
        response.headers.set(.rseq, String(random.number(in: 1...5)))
      }
      if random.chance(0.2) { response.headers.set(.sessionExpires, SessionExpires(seconds: random.number(in: 1...200), refresher: .uas)) }
      if random.chance(0.2) { response.headers.set(.minSE, String(random.number(in: 60...400))) }
      if random.chance(0.3), let to = try? response.headers.to() {
        var other = to
        other.tag = "fork\(random.number(in: 0...3))"
        response.headers.set(.to, other)
      }
      return .response(response)
    }
  }
}
