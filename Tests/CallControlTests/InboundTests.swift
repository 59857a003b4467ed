import CallControl
import Numbering
import SIP
import TelephonyHAL
import Testing

/// Calls from the telephone network, with real user agents.
@Suite struct InboundTests {
  private let line = LineID("line1")
  private let id = CallID(rawValue: 1)

  private func destination(_ phone: String, _ port: Int) -> CallControlConfiguration.InboundDestination { .uri("sip:bob@\(phone):\(port)") }

  /// Two softphones that are rung by URI; the first one answers as told.
  private func rig(fallback: Bool = false) -> (Rig, Softphone, Softphone) {
    let rig = Rig(lines: 1) {
      $0.inbound.destinations =
        fallback ? [destination("192.0.2.10", 5070)] : [destination("192.0.2.10", 5070), destination("192.0.2.11", 5071)]
      $0.inbound.fallback = fallback ? [destination("192.0.2.11", 5071)] : []
    }
    return (rig, rig.addSoftphone("bob", port: 5070), rig.addSoftphone("eve", port: 5071))
  }

  private func ring(_ rig: Rig, _ callerID: CallerID? = CallerID(number: "0312345678", name: "TARO", format: .bell)) {
    rig.lines[line]?.isInbound = true
    rig.lineEvent(line, .ringing(burst: 1))
    rig.run(for: .seconds(1))
    if let callerID { rig.lineEvent(line, .callerID(callerID)) }
    rig.run(for: .seconds(2))
    rig.lineEvent(line, .ringing(burst: 2))
    rig.run(for: .milliseconds(100))
  }

  @Test func firstAnswerWinsAndTheOthersAreCancelled() {
    let (rig, bob, eve) = rig()
    ring(rig)
    #expect(bob.seen == [.incoming])
    #expect(eve.seen == [.incoming])
    #expect(rig.commands(to: "line1") == [.hangUp])
    rig.act(bob) { $0.answer($1) }
    #expect(rig.commands(to: "line1") == [.hangUp, .answer])
    #expect(eve.seen.last == .cancelled)
    rig.run(for: .seconds(1))
    let running = rig.controller.runningCalls.first
    #expect(running?.state == .talking)
    #expect(running?.number == "0312345678")
    #expect(running?.answer == .softphone)
    #expect(rig.mediaCommands.contains(.connect(id, line)))
    #expect(rig.mediaCommands.last == .bridge(id, .both))
    rig.lineEvent(line, .loopBroken(milliseconds: 250))
    #expect(bob.seen.last == .ended(cause: 16))
    rig.expectAllIsOver()
    #expect(rig.lastRecord()?.end?.by == .caller)
    #expect(rig.records.last?.direction == .inbound)
  }

  @Test func softphoneHangsUp() {
    let (rig, bob, _) = rig()
    ring(rig)
    rig.act(bob) { $0.answer($1) }
    rig.run(for: .seconds(5))
    rig.act(bob) { $0.hangUp($1) }
    #expect(rig.commands(to: "line1").last == .hangUp)
    rig.expectAllIsOver()
    #expect(rig.lastRecord()?.end?.by == .callee)
  }

  @Test func callerIDIsShown() {
    let (rig, bob, _) = rig()
    ring(rig)
    let invite = bob.lastInvite
    #expect(invite?.from.uri.user == "0312345678")
    #expect(invite?.from.displayName == "TARO")
    #expect(invite?.request.headers["P-Asserted-Identity"]?.contains("0312345678") == true)
    #expect(invite?.privacy == [])
    rig.lineEvent(line, .ringingStopped)
    rig.expectAllIsOver()
  }

  @Test func withheldCallerIsAnonymous() {
    let (rig, bob, _) = rig()
    ring(rig, CallerID(number: nil, presentation: .withheld, format: .bell))
    let invite = bob.lastInvite
    #expect(invite?.from.uri.description == "sip:anonymous@anonymous.invalid")
    #expect(invite?.privacy == ["id"])
    #expect(invite?.request.headers["P-Asserted-Identity"] == nil)
    rig.lineEvent(line, .ringingStopped)
    rig.expectAllIsOver()
  }

  @Test(arguments: [CallerID(number: nil, presentation: .unavailable, format: .bell), nil])
  func unavailableCallerIsNotAnonymous(_ callerID: CallerID?) {
    let (rig, bob, _) = rig()
    ring(rig, callerID)
    let invite = bob.lastInvite
    #expect(invite?.from.uri.user == "unavailable")
    #expect(invite?.privacy == [])
    rig.lineEvent(line, .ringingStopped)
    rig.expectAllIsOver()
  }

  @Test func ringingThatStopsCancels() {
    let (rig, bob, eve) = rig()
    ring(rig)
    rig.lineEvent(line, .ringingStopped)
    #expect(bob.seen.last == .cancelled)
    #expect(eve.seen.last == .cancelled)
    #expect(rig.commands(to: "line1") == [.hangUp])
    rig.expectAllIsOver()
    #expect(rig.lastRecord()?.end?.cause == .callerGaveUp)
  }

  @Test func oneRefusalIsNotTheEnd() {
    let (rig, bob, eve) = rig()
    ring(rig)
    rig.act(bob) { $0.reject(486, $1) }
    #expect(eve.seen == [.incoming])
    rig.act(eve) { $0.answer($1) }
    rig.run(for: .seconds(1))
    #expect(rig.controller.runningCalls.first?.state == .talking)
    rig.act(eve) { $0.hangUp($1) }
    rig.expectAllIsOver()
  }

  @Test func allRefusingRingsTheFallback() {
    let (rig, bob, eve) = rig(fallback: true)
    ring(rig)
    #expect(eve.seen.isEmpty)
    rig.act(bob) { $0.reject(486, $1) }
    #expect(eve.seen == [.incoming])
    rig.act(eve) { $0.answer($1) }
    rig.run(for: .seconds(1))
    #expect(rig.controller.runningCalls.first?.state == .talking)
    rig.lineEvent(line, .loopBroken(milliseconds: 250))
    rig.expectAllIsOver()
  }

  @Test func nobodyAnsweringRingsTheFallback() {
    let (rig, bob, eve) = rig(fallback: true)
    ring(rig)
    rig.run(for: .seconds(30))
    #expect(bob.seen.last == .cancelled)
    #expect(eve.seen == [.incoming])
    rig.lineEvent(line, .ringingStopped)
    rig.expectAllIsOver()
  }

  @Test func nobodyRegisteredLetsItRing() {
    let rig = Rig(lines: 1)
    ring(rig)
    #expect(rig.controller.runningCalls.first?.state == .ringing)
    #expect(rig.commands(to: "line1") == [.hangUp])
    rig.lineEvent(line, .ringingStopped)
    rig.expectAllIsOver()
    #expect(rig.lastRecord()?.number == "0312345678")
  }

  @Test func linesHaveDestinationsOfTheirOwn() {
    let rig = Rig(lines: 1) { $0.lines[0].destinations = [.uri("sip:shop@192.0.2.10:5070")] }
    let shop = rig.addSoftphone("shop", port: 5070)
    ring(rig)
    #expect(shop.seen == [.incoming])
    #expect(shop.lastInvite?.requestURI.user == "shop")
    rig.lineEvent(line, .ringingStopped)
    rig.expectAllIsOver()
  }

  @Test func answerWithoutCommonCodecIsNoAnswer() {
    let (rig, bob, eve) = rig()
    ring(rig)
    rig.act(bob) { phone, now in
      if let leg = phone.leg { phone.userAgent.answer(leg, sdp: Softphone.sdp(phone.address, codecs: "18"), now: now) }
    }
    #expect(bob.seen.last == .ended(cause: 65))
    #expect(rig.commands(to: "line1") == [.hangUp])
    rig.act(eve) { $0.answer($1) }
    rig.run(for: .seconds(1))
    #expect(rig.controller.runningCalls.first?.state == .talking)
    rig.act(eve) { $0.hangUp($1) }
    rig.expectAllIsOver()
  }

  @Test func operatorEndsARingingCallOnce() {
    let (rig, bob, _) = rig()
    ring(rig)
    #expect(rig.controller.hangUp(id, now: rig.now) == true)
    rig.run(for: .milliseconds(100))
    #expect(bob.seen.last == .cancelled)
    // The line rings on: that is no new call.
    rig.lineEvent(line, .ringing(burst: 3))
    rig.run(for: .seconds(3))
    rig.lineEvent(line, .ringingStopped)
    rig.expectAllIsOver()
    #expect(rig.records.count == 1)
  }
}
