import Protection
import Testing

@Suite("Protection by source")
struct ProtectionTests {
  let phone = Source.number(1)
  let attacker = Source.number(66)

  private func make(_ change: (inout ProtectionConfiguration) -> Void = { _ in }) -> Protection {
    var configuration = ProtectionConfiguration()
    change(&configuration)
    return Protection(configuration, seed: 1)
  }

  private func fail(_ protection: inout Protection, _ times: Int, at now: Duration) -> [Ban] {
    (0..<times).compactMap { _ in protection.failed(attacker, account: nil, isProven: true, now: now).ban }
  }

  // MARK: Silence

  @Test func aScannerGetsSilenceAfterTheFirstAnswers() {
    var protection = make()
    let verdicts = (0..<1000).map { index in
      protection.judge(.request, from: attacker, over: .datagram, now: .milliseconds(10 * index))
    }
    #expect(verdicts.count { $0 == .heard } == 64, "60 at once and one each 2 s")
    #expect(verdicts.prefix(60).allSatisfy { $0 == .heard })
    #expect(protection.silences(limit: 9, now: .seconds(10)).map(\.source) == [attacker])
    #expect(protection.silences(limit: 9, now: .seconds(80)).isEmpty)
  }

  @Test func anOfficeOfTwoHundredTelephonesBehindOneAddressGetsIn() {
    var protection = make()
    // All come back at once after a power cut, and repeat what is not answered after 500 ms, 1 s, 2 s.
    var registered = 0
    for round in [0, 500, 1500, 3500] {
      let now = Duration.milliseconds(round)
      for _ in registered..<200 where protection.judge(.request, from: phone, over: .datagram, now: now) == .heard {
        guard protection.judge(.requestWithCredentials, from: phone, over: .datagram, now: now) == .heard else { continue }
        protection.prove(phone, now: now)
        registered += 1
      }
    }
    #expect(registered == 200)
  }

  @Test func whoOnlyBeginsMayStillAnswerItsChallenges() {
    var protection = make()
    for _ in 0..<100 { _ = protection.judge(.request, from: phone, over: .datagram, now: .zero) }
    #expect(protection.judge(.request, from: phone, over: .datagram, now: .zero) == .silenced)
    #expect(protection.judge(.requestWithCredentials, from: phone, over: .datagram, now: .zero) == .heard)
    #expect(protection.judge(.response, from: phone, over: .datagram, now: .zero) == .heard)
    #expect(protection.judge(.acknowledgement, from: phone, over: .datagram, now: .zero) == .heard)
  }

  @Test func forgedDatagramsDoNotSilenceConnections() {
    var protection = make()
    for _ in 0..<1000 { _ = protection.judge(.request, from: phone, over: .datagram, now: .zero) }
    #expect(protection.judge(.request, from: phone, over: .stream, now: .zero) == .heard)
  }

  // MARK: Rates

  @Test func aFloodIsCutToTheRate() {
    var protection = make()
    let heard = (0..<20_000).count { index in
      protection.judge(.requestWithCredentials, from: attacker, over: .datagram, now: .microseconds(500 * index)) == .heard
    }
    #expect((1390...1401).contains(heard), "400 at once and 100 a second for 10 s, of 2,000 a second: \(heard)")
    #expect(protection.statistics.droppedRate == 20_000 - heard)
  }

  @Test func allStrangersShareARate() {
    var protection = make()
    let heard = (0..<100_000).count { index in
      protection.judge(.request, from: .number(index), over: .datagram, now: .microseconds(10 * index)) == .heard
    }
    #expect((11_900...12_001).contains(heard), "8,000 at once and 4,000 in the second: \(heard)")
    #expect(protection.judge(.request, from: phone, over: .datagram, isTrusted: true, now: .seconds(1)) == .heard)
    protection.prove(phone, now: .seconds(1))
    #expect(protection.judge(.request, from: phone, over: .datagram, now: .seconds(1)) == .heard)
  }

  // MARK: Bans

  @Test func failedDigestsLeadToABanOnce() throws {
    var protection = make()
    #expect(fail(&protection, 9, at: .zero).isEmpty)
    let bans = fail(&protection, 100, at: .seconds(1))
    let ban = try #require(bans.first)
    #expect(bans.count == 1)
    #expect((ban.source, ban.reason, ban.length, ban.level) == (attacker, .failedDigests, .seconds(60), 1))
    for kind in [MessageKind.request, .requestWithCredentials, .response, .acknowledgement] {
      #expect(protection.judge(kind, from: attacker, over: .datagram, now: .seconds(2)) == .banned)
    }
    #expect(protection.judgeConnection(from: attacker, isTLS: true, now: .seconds(2)) == .banned)
    #expect(protection.activeBans(now: .seconds(2)).map(\.dropped) == [5], "the refused connection is one of them")
    #expect(protection.judge(.request, from: attacker, over: .datagram, now: .seconds(61)) == .heard)
    #expect(protection.activeBans(now: .seconds(61)).isEmpty)
  }

  @Test func bansGrowToADayAndAreForgivenAfterQuiet() {
    var protection = make()
    var now = Duration.zero
    var lengths: [Int64] = []
    for _ in 0..<14 {
      guard let ban = fail(&protection, 10, at: now).first else { break }
      lengths.append(ban.length.components.seconds)
      now = ban.until + .seconds(1)
    }
    #expect(lengths == [60, 120, 240, 480, 960, 1920, 3840, 7680, 15_360, 30_720, 61_440, 86_400, 86_400, 86_400])
    // Two more quiet days than the first: two levels less, and the longest ban comes back after one of ten such days.
    #expect(fail(&protection, 10, at: now + .seconds(86_400 * 13)).map(\.level) == [2])
    #expect(fail(&protection, 10, at: now + .seconds(86_400 * 30)).map(\.level) == [1])
  }

  @Test func anHonestTypoIsNoAttack() {
    var protection = make()
    for minute in 0..<600 { #expect(fail(&protection, 1, at: .seconds(60 * minute)).isEmpty) }
  }

  @Test func whatMayBeForgedBansNobody() {
    var protection = make()
    for _ in 0..<10_000 {
      #expect(protection.failed(phone, account: "bob", isProven: false, now: .zero) == Protection.Consequence())
    }
    #expect(protection.judge(.request, from: phone, over: .datagram, now: .zero) == .heard)
    #expect(protection.statistics.failuresUnproven == 10_000)
    #expect(protection.statistics.failedDigests == 0)
  }

  @Test func provenAndTrustedSourcesAreNeverBanned() {
    var protection = make()
    protection.prove(attacker, now: .zero)
    #expect(fail(&protection, 1000, at: .seconds(1)).isEmpty)
    #expect(protection.judge(.request, from: attacker, over: .datagram, now: .seconds(1)) == .heard)
    for _ in 0..<1000 { #expect(protection.failed(phone, account: nil, isProven: true, isTrusted: true, now: .zero).ban == nil) }
    // The proof wears off.
    #expect(fail(&protection, 10, at: .seconds(14_401)).count == 1)
  }

  @Test func aLiveRegistrationIsAProofThatLasts() {
    var protection = make()
    protection.setRegistrations(of: "bob", [attacker, phone], now: .zero)
    protection.setRegistrations(of: "alice", [attacker], now: .zero)
    #expect(fail(&protection, 100, at: .seconds(100_000)).isEmpty)
    protection.setRegistrations(of: "bob", [], now: .seconds(100_000))
    #expect(protection.isProven(attacker, now: .seconds(100_001)))
    #expect(!protection.isProven(phone, now: .seconds(100_001)))
    protection.setRegistrations(of: "alice", [], now: .seconds(100_001))
    #expect(fail(&protection, 10, at: .seconds(100_002)).count == 1)
  }

  @Test func aBanCanBeLifted() {
    var protection = make()
    #expect(protection.lift(attacker, now: .zero) == false)
    #expect(fail(&protection, 10, at: .zero).count == 1)
    #expect(protection.lift(attacker, now: .seconds(1)) == true)
    #expect(protection.judge(.request, from: attacker, over: .datagram, now: .seconds(1)) == .heard)
    #expect(fail(&protection, 10, at: .seconds(2)).map(\.level) == [1], "nothing is held against it")
  }

  @Test func aChangedConfigurationHoldsAtOnceAndKeepsBans() {
    var protection = make()
    #expect(fail(&protection, 10, at: .zero).count == 1)
    protection.configuration.unauthenticatedAnswers = Allowance(burst: 1, perSecond: 1)
    #expect(protection.judge(.request, from: attacker, over: .datagram, now: .seconds(1)) == .banned)
    #expect(protection.judge(.request, from: phone, over: .datagram, now: .seconds(1)) == .heard)
    #expect(protection.judge(.request, from: phone, over: .datagram, now: .seconds(1)) == .silenced)
  }

  // MARK: Connections

  @Test func connectionsHaveARate() {
    var protection = make()
    let heard = (0..<1000).count { _ in protection.judgeConnection(from: attacker, isTLS: false, now: .zero) == .heard }
    #expect(heard == 300)
    let handshakes = (0..<1000).count { protection.judgeConnection(from: .number($0), isTLS: true, now: .zero) == .heard }
    #expect(handshakes == 500)
    protection.prove(phone, now: .zero)
    #expect(protection.judgeConnection(from: phone, isTLS: true, now: .zero) == .heard)
  }

  @Test func connectionsThatBringNothingLeadToABan() {
    var protection = make()
    let bans = (0..<1000).compactMap { _ in protection.connectionBroken(from: attacker, now: .zero) }
    #expect(bans.map(\.reason) == [.brokenConnections])
    #expect(protection.connectionBroken(from: phone, isTrusted: true, now: .zero) == nil)
  }
}
