import CallControl
import Testing

@Suite struct PeerLivenessTests {
  private let fresh = PeerLiveness(interval: .seconds(10), patience: .seconds(15))

  @Test func alertWaitsForNothing() { #expect(fresh.deadline == nil) }

  @Test func silenceAsksAndNoAnswerWithin15SecondsIsLost() {
    var peer = fresh
    #expect(peer.packetsMissing(now: .seconds(10)) == .ping)
    #expect(peer.packetsMissing(now: .seconds(20)) == .none)
    #expect(peer.deadline == .seconds(25))
    #expect(peer.advance(to: .seconds(24)) == .none)
    #expect(peer.advance(to: .seconds(25)) == .lost)
    #expect(peer.deadline == nil)
  }

  @Test func answerWhileSilentIsAskedAgain() {
    var peer = fresh
    _ = peer.packetsMissing(now: .seconds(10))
    peer.answered(now: .seconds(11))
    #expect(peer.deadline == .seconds(21))
    #expect(peer.advance(to: .seconds(21)) == .ping)
  }

  @Test func packetsThatComeAgainEndTheAsking() {
    var peer = fresh
    _ = peer.packetsMissing(now: .seconds(10))
    peer.answered(now: .seconds(11))
    peer.packetsResumed(now: .seconds(12))
    #expect(peer.deadline == nil)
  }

  @Test func packetsThatComeWhileAskingProveThePeer() {
    var peer = fresh
    _ = peer.packetsMissing(now: .seconds(10))
    peer.packetsResumed(now: .seconds(12))
    #expect(peer.deadline == nil)
    #expect(peer.unanswered() == .none)
  }

  @Test func heldIgnoresSilenceButAsks() {
    var peer = fresh
    peer.held(true, now: .seconds(5))
    #expect(peer.packetsMissing(now: .seconds(14)) == .none)
    #expect(peer.deadline == .seconds(15))
    #expect(peer.advance(to: .seconds(15)) == .ping)
    #expect(peer.unanswered() == .lost)
  }

  @Test func resumedStopsAsking() {
    var peer = fresh
    peer.held(true, now: .seconds(5))
    peer.held(false, now: .seconds(8))
    #expect(peer.deadline == nil)
  }
}
