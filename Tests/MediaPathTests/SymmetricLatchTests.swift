import MediaPath
import RealTime
import Testing

@Suite("Symmetric RTP latch")
struct SymmetricLatchTests {
  let described = MediaAddress.ipv4(192, 0, 2, 10, port: 4000)
  let elsewhere = MediaAddress.ipv4(198, 51, 100, 7, port: 60_000)
  let stranger = MediaAddress.ipv4(203, 0, 113, 9, port: 9)
  let signalling = MediaAddress.ipv4(198, 51, 100, 7, port: 5060)

  private func latch(signalling: MediaAddress = .none) -> SymmetricLatch {
    var latch = SymmetricLatch()
    latch.describe(described, signallingSource: signalling, now: .zero)
    return latch
  }

  @Test func sendsToTheDescriptionAtFirst() {
    #expect(latch().destination == described)
    #expect(SymmetricLatch().destination == nil)
  }

  @Test func acceptsTheDescribedAddress() {
    var latch = latch()
    #expect(latch.judge(described, now: .milliseconds(5)) == .accepted)
    #expect(latch.destination == described)
  }

  @Test func ignoresOthersWithinTheFirstSecond() {
    var latch = latch()
    #expect(latch.judge(elsewhere, now: .milliseconds(999)) == .stranger)
    #expect(latch.strangers == 1)
    #expect(latch.destination == described)
  }

  @Test func latchesElsewhereAfterASecondWithoutTheDescribedAddress() {
    var latch = latch()
    #expect(latch.judge(elsewhere, now: .milliseconds(1_000)) == .latched)
    #expect(latch.destination == elsewhere)
    #expect(latch.judge(stranger, now: .milliseconds(1_020)) == .stranger)
    #expect(latch.judge(elsewhere, now: .milliseconds(1_020)) == .accepted)
  }

  @Test func staysWithTheDescribedAddressWhileItSends() {
    var latch = latch()
    for step in 0..<200 {
      let now = MediaTime.milliseconds(20 * step)
      #expect(latch.judge(described, now: now) == .accepted)
      #expect(latch.judge(elsewhere, now: now) == .stranger)
    }
    #expect(latch.strangers == 200)
  }

  @Test func latchesAtOnceOntoTheSignallingHost() {
    var latch = latch(signalling: signalling)
    #expect(latch.judge(elsewhere, now: .milliseconds(1)) == .latched)
    #expect(latch.destination == elsewhere)
  }

  @Test func waitsWhereTheSignallingHostIsTheDescribedOne() {
    var latch = SymmetricLatch()
    latch.describe(described, signallingSource: described.withPort(5060), now: .zero)
    #expect(latch.judge(described.withPort(4444), now: .milliseconds(1)) == .stranger)
    #expect(latch.judge(described.withPort(4444), now: .milliseconds(1_001)) == .latched)
  }

  @Test func theSignallingHostTakesOverFromAnyOther() {
    var latch = latch(signalling: signalling)
    #expect(latch.judge(stranger, now: .milliseconds(1_100)) == .latched)
    #expect(latch.judge(elsewhere, now: .milliseconds(1_200)) == .latched)
    #expect(latch.judge(stranger, now: .milliseconds(1_300)) == .stranger)
  }

  @Test func theDescribedAddressTakesOverFromAll() {
    var latch = latch(signalling: signalling)
    #expect(latch.judge(elsewhere, now: .milliseconds(1)) == .latched)
    #expect(latch.judge(described, now: .milliseconds(2)) == .latched)
    #expect(latch.destination == described)
    #expect(latch.judge(elsewhere, now: .milliseconds(3)) == .stranger, "no flapping between two that both send")
  }

  @Test func aNewAnswerUnlatches() {
    var latch = latch()
    #expect(latch.judge(elsewhere, now: .milliseconds(1_000)) == .latched)
    latch.describe(described, signallingSource: .none, now: .milliseconds(2_000))
    #expect(latch.destination == described)
    #expect(latch.judge(elsewhere, now: .milliseconds(2_100)) == .stranger)
  }

  @Test func fiveSecondsOfSilenceUnlatch() {
    var latch = latch()
    #expect(latch.judge(elsewhere, now: .milliseconds(1_000)) == .latched)
    latch.expire(now: .milliseconds(5_999))
    #expect(latch.latchedAddress == elsewhere)
    latch.expire(now: .milliseconds(6_000))
    #expect(latch.latchedAddress == nil)
    #expect(latch.judge(stranger, now: .milliseconds(6_001)) == .latched)
  }

  @Test func silenceCountsEvenWithoutExpire() {
    var latch = latch()
    #expect(latch.judge(elsewhere, now: .milliseconds(1_000)) == .latched)
    #expect(latch.judge(stranger, now: .milliseconds(5_999)) == .stranger)
    #expect(latch.judge(stranger, now: .milliseconds(6_000)) == .latched)
  }

  @Test func anUnspecifiedDescriptionGivesNoDestination() {
    var latch = SymmetricLatch()
    latch.describe(.ipv4(0, 0, 0, 0, port: 4000), signallingSource: .none, now: .zero)
    #expect(latch.destination == nil)
    #expect(latch.judge(elsewhere, now: .milliseconds(1_500)) == .latched)
    #expect(latch.destination == elsewhere)
  }

  // MARK: Settled

  private func settled(at address: MediaAddress, stream: UInt32 = 7) -> SymmetricLatch {
    var latch = latch()
    for step in 0..<10 { _ = latch.judge(address, stream: stream, now: .milliseconds(1_000 + 20 * step)) }
    return latch
  }

  @Test func aStrangerNeverTakesASettledPlace() {
    for home in [described, elsewhere] {
      var latch = settled(at: home)
      #expect(latch.isSettled)
      for second in 2..<600 {
        latch.expire(now: .milliseconds(1_000 * second))
        #expect(latch.judge(stranger, stream: 8, now: .milliseconds(1_000 * second)) == .stranger, "muted for \(second) s")
      }
      #expect(latch.destination == home)
      #expect(latch.judge(home, stream: 7, now: .milliseconds(600_000)) == .accepted)
    }
  }

  @Test func theStreamItselfMayMoveAfterASecond() {
    for home in [described, elsewhere] {
      var latch = settled(at: home)
      #expect(latch.judge(stranger, stream: 7, now: .milliseconds(1_900)) == .stranger, "while the old address was just heard")
      #expect(latch.judge(stranger, stream: 7, now: .milliseconds(2_200)) == .latched)
      #expect(latch.destination == stranger)
    }
  }

  @Test func theSameHostMayBeginANewStreamAfterASecond() {
    var latch = settled(at: elsewhere)
    #expect(latch.judge(elsewhere.withPort(7), stream: 9, now: .milliseconds(1_900)) == .stranger)
    #expect(latch.judge(elsewhere.withPort(7), stream: 9, now: .milliseconds(2_200)) == .latched)
  }

  @Test func aNewAnswerUnsettles() {
    var latch = settled(at: elsewhere)
    latch.describe(described, signallingSource: .none, now: .milliseconds(5_000))
    #expect(!latch.isSettled)
    #expect(latch.judge(stranger, stream: 8, now: .milliseconds(6_000)) == .latched)
  }
}
