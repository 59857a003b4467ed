import SIP
import Testing

/// Random calls on a bad network: whatever happens, every leg ends once and nothing is left.
struct ImpairedNetworkTests {
  private func play(
    _ seed: UInt64, conditions: VirtualNetwork.Conditions, authenticates: Bool, mutates: Bool = false
  ) -> VirtualNetwork {
    let network = VirtualNetwork.pair(seed: seed, conditions: conditions) { index, configuration in
      guard index == 1, authenticates else { return }
      configuration.requiresAuthentication = true
      configuration.accounts = [SIPAccount(user: "bob", password: "secret")]
    }
    var random = Generator(state: seed ^ 0x5eed)
    if mutates {
      var mutation = Generator(state: seed ^ 0xbad)
      network.mutate = { bytes in
        guard mutation.chance(0.3) else { return }
        for _ in 0..<mutation.number(in: 1...4) where !bytes.isEmpty {
          let position = mutation.number(in: 0...(bytes.count - 1))
          switch mutation.number(in: 0...3) {
          case 0: bytes[position] = UInt8(truncatingIfNeeded: mutation.next())
          case 1: bytes.remove(at: position)
          case 2: bytes.insert(bytes[mutation.number(in: 0...(bytes.count - 1))], at: position)
          default: bytes.removeSubrange(position..<min(bytes.count, position + mutation.number(in: 1...40)))
          }
        }
      }
    }
    network.react = { network, index, event in
      guard let leg = event.leg, !event.isTerminal else { return }
      let delay = Duration.milliseconds(random.number(in: 0...1500))
      let choice = random.number(in: 0...9)
      network.at(network.now + delay) { network in
        let now = network.now
        switch event {
        case .incoming:
          switch choice {
          case 0: network.agents[index].reject(leg, status: 486, reason: .q850(17), now: now)
          case 1: network.agents[index].hangUp(leg, reason: nil, now: now)
          case 2...4:
            network.agents[index].progress(leg, status: 183, sdp: VirtualNetwork.answer, now: now)
            network.at(now + .milliseconds(700)) { $0.agents[index].answer(leg, sdp: VirtualNetwork.answer, now: $0.now) }
          default: network.agents[index].answer(leg, sdp: VirtualNetwork.answer, now: now)
          }
        case .offered:
          if choice < 2 {
            network.agents[index].rejectOffer(leg, status: 488, now: now)
          } else {
            network.agents[index].acceptOffer(leg, sdp: VirtualNetwork.answer, now: now)
          }
        case .answered:
          network.agents[index].acknowledge(leg, sdp: VirtualNetwork.answer, now: now)
          if choice < 5 { network.agents[index].offer(leg, sdp: VirtualNetwork.offer, now: now) }
        case .acknowledged:
          if choice < 5 { network.agents[index].offer(leg, sdp: VirtualNetwork.offer, now: now) }
          if choice == 5 { network.agents[index].ping(leg, now: now) }
          if choice > 5 { network.agents[index].sendInfo(leg, contentType: "application/dtmf", body: [0x35], now: now) }
        default: break
        }
      }
    }
    for call in 0..<8 {
      network.at(.milliseconds(400 * call)) { network in
        let leg = network.call(
          sdp: random.chance(0.2) ? nil : VirtualNetwork.offer, credentials: [SIPCredentials(user: "bob", password: "secret")])
        let length = Duration.milliseconds(random.number(in: 0...6000))
        let index = random.number(in: 0...1)
        network.at(network.now + length) { network in
          if index == 0 { return network.agents[0].hangUp(leg, reason: .q850(16), now: network.now) }
          let incoming = network.events[1].compactMap(\.leg).last
          if let incoming { network.agents[1].hangUp(incoming, reason: .q850(16), now: network.now) }
        }
        // Whoever is still there after half a minute is hung up.
        network.at(network.now + .seconds(30)) { $0.agents[0].hangUp(leg, reason: nil, now: $0.now) }
      }
    }
    // A callee whose caller's messages no longer fit its dialog is ended by its application, which pings.
    network.at(.seconds(60)) { network in
      for leg in Set(network.events[1].compactMap(\.leg)) { network.agents[1].hangUp(leg, reason: nil, now: network.now) }
    }
    network.run()
    return network
  }

  private func check(_ network: VirtualNetwork, _ seed: UInt64) {
    #expect(
      network.isIdle,
      "seed \(seed) \(network.agents.map { ($0.legCount, $0.dialogCount, $0.clientTransactionCount, $0.serverTransactionCount) })")
    for index in 0..<2 {
      var ended: Set<LegID> = []
      var seen: Set<LegID> = []
      for event in network.events[index] {
        guard let leg = event.leg else { continue }
        #expect(!ended.contains(leg), "seed \(seed), agent \(index): \(event.name) after the end")
        seen.insert(leg)
        if event.isTerminal { ended.insert(leg) }
      }
      #expect(seen == ended, "seed \(seed), agent \(index)")
      #expect(network.agents[index].activeLegs == 0)
    }
  }

  @Test(arguments: 0..<150)
  func everyCallEndsOverUDP(_ seed: UInt64) {
    var random = Generator(state: seed)
    let conditions = VirtualNetwork.Conditions(
      loss: Double(random.number(in: 0...35)) / 100, duplication: Double(random.number(in: 0...30)) / 100,
      delayMilliseconds: 1...random.number(in: 2...400))
    check(play(seed, conditions: conditions, authenticates: seed % 3 == 0), seed)
  }

  @Test(arguments: 100..<110)
  func everyCallEndsOverTCP(_ seed: UInt64) {
    check(play(seed, conditions: .init(transport: .tcp), authenticates: seed % 2 == 0), seed)
  }

  @Test(arguments: 200..<350)
  func mutatedMessagesTrapNothingAndLeaveNothing(_ seed: UInt64) {
    check(play(seed, conditions: .init(delayMilliseconds: 1...50), authenticates: seed % 3 == 0, mutates: true), seed)
  }

  @Test
  func callsOfTheseTestsMeetEveryOutcome() {
    var names: Set<String> = []
    for seed in UInt64(0)..<40 {
      let network = play(seed, conditions: .init(loss: 0.1, delayMilliseconds: 1...400), authenticates: false)
      names.formUnion(network.names(0) + network.names(1))
    }
    let expected: Set<String> = [
      "incoming", "provisional 183 sdp", "answered sdp", "acknowledged", "acknowledged sdp", "failed 486", "failed 480", "ended here",
      "ended bye",
      "ended cancelled", "offered sdp", "offerAnswered sdp", "offerFailed 488", "info application/dtmf", "pingAnswered",
    ]
    #expect(expected.subtracting(names) == [])
  }

  @Test
  func deadNetworkLeavesNothingBehind() {
    let network = VirtualNetwork.pair()
    network.answersCalls()
    for _ in 0..<5 { network.call() }
    network.run(until: .seconds(1))
    network.passes = { _ in false }
    for event in network.events[0] {
      if let leg = event.leg { network.agents[0].hangUp(leg, reason: nil, now: network.now) }
    }
    for event in network.events[1] {
      if let leg = event.leg { network.agents[1].hangUp(leg, reason: nil, now: network.now) }
    }
    network.run()
    #expect(network.isIdle)
    #expect(network.agents.allSatisfy { $0.timerCount == 0 })
  }
}
