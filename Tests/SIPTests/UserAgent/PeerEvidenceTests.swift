import SIP
import Testing

/// What peers show of themselves, and accounts that are held back.
struct PeerEvidenceTests {
  private func gateway(_ change: @escaping (inout UserAgentConfiguration) -> Void = { _ in }) -> VirtualNetwork {
    VirtualNetwork.pair { index, configuration in
      guard index == 1 else { return }
      configuration.requiresAuthentication = true
      configuration.accounts = [SIPAccount(user: "bob", password: "secret")]
      change(&configuration)
    }
  }

  private func kinds(_ evidence: [PeerEvidence]) -> [String] {
    evidence.map {
      switch $0 {
      case .proven(_, let account): "proven \(account ?? "-")"
      case .failed(_, let account, let isProven): "failed \(account ?? "-") \(isProven)"
      }
    }
  }

  @Test func rightCredentialsAreAProof() {
    let network = gateway()
    network.answersCalls()
    network.call(credentials: [SIPCredentials(user: "bob", password: "secret")])
    network.run(until: .seconds(1))
    let evidence = kinds(network.agents[1].takeEvidence())
    #expect(evidence.first == "proven bob")
    #expect(evidence.allSatisfy { $0.hasPrefix("proven") })
    #expect(kinds(network.agents[0].takeEvidence()).contains("proven -"), "an answer to our request")
    #expect(network.agents[1].takeEvidence().isEmpty, "told once")
  }

  @Test func wrongCredentialsOnANonceOfOursCount() {
    let network = gateway()
    network.call(credentials: [SIPCredentials(user: "bob", password: "wrong")])
    network.run()
    #expect(kinds(network.agents[1].takeEvidence()) == ["failed bob true"])
  }

  @Test func namesThatDoNotExistAreNotNamed() {
    let network = gateway()
    network.call(credentials: [SIPCredentials(user: "mallory", password: "wrong")])
    network.run()
    #expect(kinds(network.agents[1].takeEvidence()) == ["failed - true"])
  }

  @Test func aGuardedAccountIsClosedToStrangersEvenWithTheRightPassword() {
    let network = gateway()
    network.agents[1].accountHolds["bob"] = .guarded
    network.call(credentials: [SIPCredentials(user: "bob", password: "secret")])
    network.run()
    #expect(network.names(0) == ["failed 401"])
    #expect(network.agents[1].takeEvidence().isEmpty, "neither a proof nor a failure")
  }

  @Test func aThrottledAccountGets503ButForEmergencies() {
    let network = gateway { $0.emergencyNumbers = ["100"] }
    network.agents[1].accountHolds["bob"] = .throttled
    network.call(credentials: [SIPCredentials(user: "bob", password: "secret")])
    network.run()
    #expect(network.names(0) == ["failed 503"])
  }

  @Test func aSourceHasItsShareOfTheTables() {
    let network = gateway { $0.limits.callsPerSource = 1 }
    network.answersCalls()
    for _ in 0..<2 {
      network.call(credentials: [SIPCredentials(user: "bob", password: "secret")])
      network.run(until: network.now + .seconds(1))
    }
    #expect(network.names(0).last == "failed 503")
    #expect(network.agents[1].activeLegs == 1)
  }

  @Test func whatNobodyAsksForIsNotKept() {
    let network = gateway()
    for _ in 0..<100 {
      network.call(credentials: [SIPCredentials(user: "bob", password: "wrong")])
      network.run(until: network.now + .milliseconds(100))
    }
    #expect(network.agents[1].takeEvidence().count == 64)
  }
}
