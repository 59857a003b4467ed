import CallControl
import Numbering
import SIP
import TelephonyHAL
import Testing

/// Either side hangs up, in every state.
@Suite struct HangUpTests {
  /// Times after the INVITE: seizing, awaiting dial tone, dialling, proceeding, ringing, talking.
  @Test(arguments: [0.010, 0.200, 1.0, 2.5, 6.0, 9.0])
  func softphoneHangsUp(_ seconds: Double) {
    let rig = Rig(lines: 1)
    let phone = rig.addSoftphone("bob", port: 5070)
    rig.act(phone) { $0.call("0333331234", $1) }
    rig.run(for: .milliseconds(Int(seconds * 1000)))
    let hungUpAt = rig.now
    let commands = rig.lineCommands.count
    rig.act(phone) { $0.hangUp($1) }
    let hangUp = rig.lineCommands.dropFirst(commands).first
    #expect(hangUp?.command == .hangUp)
    #expect(hangUp.map { $0.at - hungUpAt <= .milliseconds(200) } == true)
    rig.run(for: .milliseconds(1900))
    if case .guarded? = rig.controller.pool[LineID("line1")]?.state {} else { Issue.record("no guard time") }
    rig.run(for: .milliseconds(200))
    if case .idle? = rig.controller.pool[LineID("line1")]?.state {} else { Issue.record("not free after the guard time") }
    let end = rig.lastRecord()?.end
    #expect(end?.by == .caller)
    #expect(end?.cause == (seconds == 9 ? .normalClearing : .callerGaveUp))
    rig.expectAllIsOver()
  }

  private func talking(_ configure: (inout CallControlConfiguration) -> Void = { _ in }) -> (Rig, Softphone) {
    let rig = Rig(lines: 1, configure)
    let phone = rig.addSoftphone("bob", port: 5070)
    rig.act(phone) { $0.call("0333331234", $1) }
    rig.run(for: .seconds(10))
    #expect(phone.seen.last == .answered)
    return (rig, phone)
  }

  @Test func telephoneHangsUpByLoopBreak() {
    let (rig, phone) = talking()
    rig.lineEvent(LineID("line1"), .loopBroken(milliseconds: 250))
    #expect(phone.seen.last == .ended(cause: 16))
    #expect(rig.commands(to: "line1").last == .hangUp)
    rig.expectAllIsOver()
    #expect(rig.lastRecord()?.end?.evidence == "ended because the exchange broke the loop for 250 ms")
    #expect(rig.records.last?.end?.by == .callee)
  }

  @Test func telephoneHangsUpByReversal() {
    let (rig, phone) = talking()
    rig.lineEvent(LineID("line1"), .polarityReversed)
    #expect(phone.seen.last == .ended(cause: 16))
    rig.expectAllIsOver()
  }

  @Test func telephoneHangsUpByBusyTone() {
    let (rig, phone) = talking()
    let id = CallID(rawValue: 1)
    rig.mediaEvent(.tone(id, .busy, cycles: 1))
    rig.mediaEvent(.tone(id, .busy, cycles: 2))
    #expect(phone.seen.last == .answered)
    rig.mediaEvent(.tone(id, .busy, cycles: 3))
    #expect(phone.seen.last == .ended(cause: 16))
    rig.expectAllIsOver()
    #expect(rig.lastRecord()?.end?.evidence == "ended because the line sent busy tone for three cycles")
  }

  @Test func lineFailsWhileTalking() {
    let (rig, phone) = talking()
    let fault = LineFault(kind: .missing, detail: "unplugged")
    rig.lines[LineID("line1")]?.isOffHook = false
    rig.lineEvent(LineID("line1"), .failed(fault))
    #expect(phone.seen.last == .ended(cause: 27))
    #expect(rig.records.isEmpty)
    rig.run(for: .seconds(1))
    #expect(rig.records.last?.end?.cause == .lineFailure)
    #expect(rig.controller.pool[LineID("line1")]?.state == .failed(fault))
    rig.lineEvent(LineID("line1"), .recovered)
    rig.lineEvent(LineID("line1"), .onHook)
    rig.expectAllIsOver()
  }

  @Test func longestCall() {
    let (rig, phone) = talking { $0.outbound.limits.longestCall = .seconds(30) }
    rig.run(for: .seconds(30))
    #expect(phone.seen.last == .ended(cause: 31))
    rig.expectAllIsOver()
    #expect(rig.lastRecord()?.talkTime == .seconds(30))
  }

  @Test func mediaThatNeverClosesCostsNoRecord() {
    let (rig, phone) = talking()
    rig.mediaStaysOpen = true
    rig.act(phone) { $0.hangUp($1) }
    rig.run(for: .milliseconds(1900))
    #expect(rig.records.isEmpty)
    rig.run(for: .milliseconds(200))
    #expect(rig.records.count == 1)
    rig.expectAllIsOver()
  }

  @Test func lineThatDoesNotGoOnHookIsToldAgain() {
    let (rig, phone) = talking()
    rig.lines[LineID("line1")]?.refusesToHangUp = true
    rig.act(phone) { $0.hangUp($1) }
    rig.run(for: .seconds(4))
    #expect(rig.commands(to: "line1").suffix(2) == [.hangUp, .hangUp])
    rig.lines[LineID("line1")]?.refusesToHangUp = false
    rig.expectAllIsOver()
  }

  // MARK: Dead softphones

  @Test func deadSoftphoneFreesTheLineWithin30Seconds() {
    let (rig, phone) = talking()
    phone.isDead = true
    let died = rig.now
    rig.run(for: .seconds(10))
    rig.mediaEvent(.packetsMissing(CallID(rawValue: 1), milliseconds: 10_000))
    rig.run(for: .seconds(20))
    #expect(rig.commands(to: "line1").last == .hangUp)
    #expect(rig.lineCommands.last.map { $0.at - died <= .seconds(30) } == true)
    #expect(rig.lastRecord()?.end?.cause == .peerLost)
    rig.expectAllIsOver()
  }

  @Test func silentSoftphoneThatAnswersIsLeftAlone() {
    let (rig, phone) = talking()
    rig.mediaEvent(.packetsMissing(CallID(rawValue: 1), milliseconds: 10_000))
    rig.run(for: .seconds(120))
    #expect(rig.records.isEmpty)
    rig.mediaEvent(.packetsResumed(CallID(rawValue: 1)))
    rig.act(phone) { $0.hangUp($1) }
    rig.expectAllIsOver()
  }

  @Test func heldCallIsFreedToo() {
    let (rig, phone) = talking()
    rig.act(phone) { $0.offer("sendonly", $1) }
    rig.run(for: .seconds(60))
    #expect(rig.controller.runningCalls.first?.state == .held)
    phone.isDead = true
    let died = rig.now
    rig.run(for: .seconds(30))
    #expect(rig.lastRecord()?.end?.cause == .peerLost)
    #expect(rig.lineCommands.last.map { $0.at - died <= .seconds(30) } == true)
    rig.expectAllIsOver()
  }
}
