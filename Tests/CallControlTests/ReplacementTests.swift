import CallControl
import SIP
import TelephonyHAL
import Testing

/// Another telephone takes a running call over, or picks up one that rings (RFC 3891).
@Suite struct ReplacementTests {
  private let line = LineID("line1")

  private func talking(_ configure: (inout CallControlConfiguration) -> Void = { _ in }) -> (Rig, bob: Softphone, eve: Softphone) {
    let rig = Rig(lines: 1, configure)
    let bob = rig.addSoftphone("bob", port: 5070)
    let eve = rig.addSoftphone("eve", port: 5071)
    bob.credentials = [SIPCredentials(user: "bob", password: "secret")]
    rig.act(bob) { $0.call("0333331234", $1) }
    rig.run(for: .seconds(10))
    #expect(bob.seen.last == .answered)
    return (rig, bob, eve)
  }

  private func remotes(_ rig: Rig) -> [String] {
    rig.mediaCommands.compactMap { if case .configure(_, let description) = $0 { description.remote.host } else { nil } }
  }

  private func dialog(_ phone: Softphone) throws -> ReplacesHeader {
    let leg = try #require(phone.leg)
    let own = try #require(phone.userAgent.replacesHeader(for: leg))
    // From where the gateway stands: its own tag is the one in To.
    return ReplacesHeader(callID: own.callID, toTag: own.toTag, fromTag: own.fromTag)
  }

  @Test(arguments: [false, true]) func runningCallIsTakenOver(offersLate: Bool) throws {
    let (rig, bob, eve) = talking()
    let replaces = try dialog(bob)
    rig.act(eve) { $0.takeOver(replaces, sdp: offersLate ? nil : Softphone.sdp($0.address), $1) }
    #expect(eve.seen.last == .answered)
    #expect(bob.seen.last == .ended(cause: 200))
    #expect(remotes(rig).last == "192.0.2.11")
    let running = rig.controller.runningCalls
    #expect(running.count == 1)
    #expect(running.first?.state == .talking)
    #expect(running.first?.notes == ["taken over by sip:eve@192.0.2.1"])
    #expect(running.first?.sipCallIDs.count == 2)
    #expect(rig.controller.counters.outbound == 1)
    #expect(rig.commands(to: "line1") == [.hangUp, .seize])
    rig.act(eve) { $0.offer("sendonly", $1) }
    #expect(rig.controller.runningCalls.first?.state == .held)
    rig.act(eve) { $0.hangUp($1) }
    rig.expectAllIsOver()
    #expect(rig.lastRecord()?.end?.by == .caller)
  }

  @Test func unusableMediaLeavesTheOldCall() throws {
    let (rig, bob, eve) = talking()
    let replaces = try dialog(bob)
    rig.act(eve) { $0.takeOver(replaces, sdp: Softphone.sdp($0.address, codecs: "18"), $1) }
    #expect(eve.seen.last == .failed(488, cause: nil))
    #expect(bob.seen.last == .answered)
    #expect(rig.controller.runningCalls.first?.state == .talking)
    rig.act(bob) { $0.hangUp($1) }
    rig.expectAllIsOver()
  }

  @Test func wrongTagsTakeNothingOver() throws {
    let (rig, bob, eve) = talking()
    var replaces = try dialog(bob)
    replaces.fromTag = "guessed"
    rig.act(eve) { $0.takeOver(replaces, sdp: Softphone.sdp($0.address), $1) }
    #expect(eve.seen.last == .failed(481, cause: nil))
    replaces = try dialog(bob)
    replaces.isEarlyOnly = true
    rig.act(eve) { $0.takeOver(replaces, sdp: Softphone.sdp($0.address), $1) }
    #expect(eve.seen.last == .failed(486, cause: nil))
    #expect(bob.seen.last == .answered)
    rig.act(bob) { $0.hangUp($1) }
    rig.expectAllIsOver()
  }

  /// The dialog's ids alone are not enough where calls need a password.
  @Test func strangersTakeNothingOver() throws {
    let (rig, bob, eve) = talking { $0.userAgent.trusted = [] }
    let replaces = try dialog(bob)
    rig.act(eve) { $0.takeOver(replaces, sdp: Softphone.sdp($0.address), $1) }
    #expect(eve.seen.last == .failed(401, cause: nil))
    eve.credentials = [SIPCredentials(user: "eve", password: "guessed")]
    rig.act(eve) { $0.takeOver(replaces, sdp: Softphone.sdp($0.address), $1) }
    #expect(eve.seen.last == .failed(401, cause: nil))
    #expect(bob.seen.last == .answered)
    // With her own password she may: she has the ids from one of its sides.
    eve.credentials = [SIPCredentials(user: "eve", password: "hidden")]
    rig.act(eve) { $0.takeOver(replaces, sdp: Softphone.sdp($0.address), $1) }
    #expect(eve.seen.last == .answered)
    // The minutes stay those of who placed the call.
    #expect(rig.controller.runningCalls.first?.account == "bob")
    rig.act(eve) { $0.hangUp($1) }
    rig.expectAllIsOver()
  }

  @Test func takingOverEndsATransferThatIsUnderWay() throws {
    let (rig, bob, eve) = talking()
    let carol = rig.addSoftphone("carol", port: 5072)
    let replaces = try dialog(bob)
    rig.act(bob) { $0.refer(to: "sip:carol@192.0.2.12:5072", $1) }
    #expect(carol.seen == [.incoming])
    rig.act(eve) { $0.takeOver(replaces, sdp: Softphone.sdp($0.address), $1) }
    #expect(carol.seen.last == .cancelled)
    #expect(bob.seen.suffix(2) == [.notified(487, isFinal: true), .ended(cause: 200)])
    #expect(remotes(rig).last == "192.0.2.11")
    rig.act(eve) { $0.hangUp($1) }
    rig.expectAllIsOver()
  }

  @Test(arguments: [false, true]) func ringingCallIsPickedUp(offersLate: Bool) throws {
    let rig = Rig(lines: 1) { $0.inbound.destinations = [.uri("sip:bob@192.0.2.10:5070")] }
    let bob = rig.addSoftphone("bob", port: 5070)
    let eve = rig.addSoftphone("eve", port: 5071)
    rig.lines[line]?.isInbound = true
    rig.lineEvent(line, .ringing(burst: 1))
    rig.run(for: .seconds(3))
    rig.lineEvent(line, .ringing(burst: 2))
    rig.run(for: .milliseconds(100))
    #expect(bob.seen == [.incoming])
    let replaces = try dialog(bob)
    rig.act(eve) { $0.takeOver(replaces, sdp: offersLate ? nil : Softphone.sdp($0.address), $1) }
    rig.run(for: .seconds(1))
    #expect(eve.seen.last == .answered)
    #expect(bob.seen.last == .cancelled)
    #expect(rig.commands(to: "line1").last == .answer)
    let running = rig.controller.runningCalls
    #expect(running.first?.state == .talking)
    #expect(running.first?.notes == ["picked up by sip:eve@192.0.2.1"])
    #expect(remotes(rig).last == "192.0.2.11")
    rig.act(eve) { $0.hangUp($1) }
    rig.lines[line]?.isInbound = false
    rig.expectAllIsOver()
    #expect(rig.lastRecord()?.end?.by == .callee)
  }
}
