import CallControl
import SIP
import Testing

/// Text messages from account to account.
@Suite struct MessageTests {
  private func rig(_ configure: (inout CallControlConfiguration) -> Void = { _ in }) throws -> (Rig, bob: Softphone, eve: Softphone) {
    let rig = Rig(lines: 1, configure)
    let bob = rig.addSoftphone("bob", port: 5070)
    let eve = rig.addSoftphone("eve", port: 5071)
    try rig.register(eve, as: "eve")
    return (rig, bob, eve)
  }

  @Test func everyContactGetsItAndOneIsEnough() throws {
    let (rig, bob, eve) = try rig()
    let mobile = rig.addSoftphone("mobile", port: 5072)
    try rig.register(mobile, as: "eve")
    mobile.messageStatus = 486
    rig.act(bob) { $0.message(to: "eve", "こんにちは", $1) }
    #expect(eve.seen == [.message("こんにちは", from: "bob")])
    #expect(mobile.seen == [.message("こんにちは", from: "bob")])
    #expect(bob.seen == [.messageDelivered])
    rig.expectAllIsOver()
  }

  @Test(arguments: [(486, 486), (603, 603), (415, 415), (401, 480), (503, 480)])
  func refusalIsPassedBack(_ theirs: Int, _ ours: Int) throws {
    let (rig, bob, eve) = try rig()
    eve.messageStatus = theirs
    rig.act(bob) { $0.message(to: "eve", "hello", $1) }
    #expect(bob.seen == [.messageFailed(ours)])
    rig.expectAllIsOver()
  }

  @Test(arguments: [("mallory", 404), ("0333331234", 404), ("bob", 480)])
  func whoIsNotThereGetsNone(_ user: String, _ status: Int) throws {
    let (rig, bob, _) = try rig()
    rig.act(bob) { $0.message(to: user, "hello", $1) }
    #expect(bob.seen == [.messageFailed(status)])
    rig.expectAllIsOver()
  }

  @Test func contactThatDoesNotAnswerIsNotWaitedForTooLong() throws {
    let (rig, bob, eve) = try rig()
    eve.isDead = true
    rig.act(bob) { $0.message(to: "eve", "hello", $1) }
    rig.run(for: .seconds(17))
    #expect(bob.seen.isEmpty)
    rig.run(for: .seconds(2))
    #expect(bob.seen == [.messageFailed(480)])
    rig.expectAllIsOver()
  }

  @Test func strangersWriteNothing() throws {
    let (rig, bob, eve) = try rig { $0.userAgent.trusted = [IPNetwork("192.0.2.11")].compactMap { $0 } }
    rig.act(bob) { $0.message(to: "eve", "hello", $1) }
    #expect(bob.seen == [.messageFailed(401)])
    #expect(eve.seen.isEmpty)
    rig.expectAllIsOver()
  }

  @Test func messagesDoNotFillTheMemory() {
    var relay = MessageRelay()
    for number in 0..<UInt64(MessageRelay.limit) {
      #expect(!relay.isFull)
      relay.sent(MessageID(rawValue: number), copies: [MessageID(rawValue: number + 1_000_000)], now: .seconds(Int(number / 100)))
    }
    #expect(relay.isFull)
    #expect(relay.deadline == MessageRelay.patience)
    #expect(relay.expire(now: MessageRelay.patience).map(\.status) == [Int](repeating: 480, count: 100))
    #expect(relay.deadline == MessageRelay.patience + .seconds(1))
    #expect(relay.delivered(MessageID(rawValue: 1_000_000)) == nil)
    #expect(relay.delivered(MessageID(rawValue: 1_000_100)) == MessageID(rawValue: 100))
    #expect(relay.count == MessageRelay.limit - 101)
  }
}
