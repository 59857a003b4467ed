import Protection
import Testing

@Suite("Bounded tables")
struct TableTests {
  @Test func aFloodOfForgedSourcesFillsNothingAndForgetsNoBan() {
    var configuration = ProtectionConfiguration()
    configuration.strangerCapacity = 512
    configuration.capacity = 512
    var protection = Protection(configuration, seed: 7)
    let banned = (1...100).map { Source.number($0) }
    for source in banned { for _ in 0..<10 { _ = protection.failed(source, account: nil, isProven: true, now: .zero) } }
    let proven = Source.number(5000)
    protection.prove(proven, now: .zero)
    let scanner = Source.number(6000)
    for _ in 0..<100 { _ = protection.judge(.request, from: scanner, over: .datagram, now: .seconds(1)) }
    for number in 0..<100_000 {
      let now = Duration.seconds(2) + .microseconds(100 * number)
      let source = Source.number(100_000 + number)
      _ = protection.judge(.request, from: source, over: .datagram, now: now)
      _ = protection.failed(source, account: "bob", isProven: false, now: now)
    }
    let counts = protection.tableCounts
    #expect(counts.strangers == 512)
    #expect(counts.proven == 1)
    #expect(protection.activeBans(now: .seconds(13)).count == 100)
    #expect(banned.allSatisfy { protection.judge(.request, from: $0, over: .datagram, now: .seconds(13)) == .banned })
    #expect(protection.isProven(proven, now: .seconds(13)))
    #expect(protection.judge(.request, from: scanner, over: .datagram, now: .milliseconds(1_500)) == .silenced, "it is remembered")
  }

  @Test func tooManyBansForgetThoseThatEndFirst() {
    var configuration = ProtectionConfiguration()
    configuration.capacity = 64
    var protection = Protection(configuration, seed: 3)
    // One that has come back again and again.
    let worst = Source.number(1)
    var now = Duration.zero
    for _ in 0..<6 {
      for _ in 0..<10 { if let ban = protection.failed(worst, account: nil, isProven: true, now: now).ban { now = ban.until } }
    }
    for _ in 0..<10 { _ = protection.failed(worst, account: nil, isProven: true, now: now) }
    for number in 2..<2000 { for _ in 0..<10 { _ = protection.failed(.number(number), account: nil, isProven: true, now: now) } }
    #expect(protection.activeBans(now: now).count == 64)
    #expect(protection.judge(.request, from: worst, over: .datagram, now: now) == .banned)
  }

  @Test func whatAMessageCostsDoesNotGrowWithTheTables() {
    // Not a timing: the work of one message is a fixed number of look-ups, so 200,000 from as many sources end soon.
    var protection = Protection(seed: 1)
    for number in 0..<200_000 {
      _ = protection.judge(.request, from: .number(number), over: .datagram, now: .microseconds(number))
    }
    #expect(protection.tableCounts.strangers == 8192)
  }
}

@Suite("Accounts")
struct AccountTests {
  @Test func guessesFromEverywhereGuardTheAccount() {
    var protection = Protection(seed: 1)
    let guarded = (0..<1000).compactMap { protection.failed(.number($0), account: "bob", isProven: true, now: .zero).guardedAccount }
    #expect(guarded == ["bob"], "told once")
    #expect(protection.restrictedAccounts.map(\.account) == ["bob"])
    #expect(protection.releaseAccounts(now: .seconds(499)) == [])
    #expect(protection.releaseAccounts(now: .seconds(501)) == ["bob"])
    #expect(protection.releaseAccounts(now: .seconds(502)) == [])
  }

  @Test func namesThatDoNotExistCostNothing() {
    var protection = Protection(seed: 1)
    for number in 0..<10_000 { #expect(protection.failed(.number(number), account: nil, isProven: true, now: .zero).guardedAccount == nil) }
    #expect(protection.restrictedAccounts.isEmpty)
  }

  @Test func anAccountHasARateOfItsOwn() {
    var protection = Protection(seed: 1)
    let throttled = (0..<2000).compactMap { index in protection.used(account: "bob", now: .microseconds(index)) ? Optional(index) : nil }
    #expect(throttled.count == 1)
    #expect((1000...1001).contains(throttled.first ?? 0))
    #expect(protection.used(account: "alice", now: .zero) == false)
    #expect(protection.releaseAccounts(now: .seconds(1)) == [])
    #expect(protection.releaseAccounts(now: .seconds(3)) == ["bob"])
    protection.keepAccounts(["alice"])
  }
}
