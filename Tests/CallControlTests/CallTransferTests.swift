import CallControl
import Numbering
import SIP
import TelephonyHAL
import Testing

/// Transfers between softphones while the line goes on, and whom they may name.
@Suite struct CallTransferTests {
  private let id = CallID(rawValue: 1)

  /// Bob talks to a telephone; eve is registered, and answers when told to.
  private func talking(_ configure: (inout CallControlConfiguration) -> Void = { _ in }) throws -> (Rig, bob: Softphone, eve: Softphone) {
    let rig = Rig(lines: 1, configure)
    let bob = rig.addSoftphone("bob", port: 5070)
    let eve = rig.addSoftphone("eve", port: 5071)
    try rig.register(eve, as: "eve")
    rig.act(bob) { $0.call("0333331234", $1) }
    rig.run(for: .seconds(10))
    #expect(bob.seen.last == .answered)
    return (rig, bob, eve)
  }

  private func bridges(_ rig: Rig) -> [BridgeMode] {
    rig.mediaCommands.compactMap { if case .bridge(_, let mode) = $0 { mode } else { nil } }
  }

  private func remotes(_ rig: Rig) -> [String] {
    rig.mediaCommands.compactMap { if case .configure(_, let description) = $0 { description.remote.host } else { nil } }
  }

  private func hangUpAll(_ rig: Rig) {
    for phone in rig.softphones { rig.act(phone) { $0.hangUp($1) } }
    rig.expectAllIsOver()
  }

  // MARK: Blind

  @Test func blindTransferToAnAccount() throws {
    let (rig, bob, eve) = try talking()
    rig.act(bob) { $0.offer("sendonly", $1) }
    rig.act(bob) { $0.refer(to: "sip:eve@192.0.2.1", $1) }
    #expect(bob.seen.suffix(3) == [.referAnswered(202), .notified(100, isFinal: false), .notified(180, isFinal: false)])
    #expect(eve.seen == [.incoming])
    #expect(eve.lastInvite?.requestURI.description == "sip:eve@192.0.2.11:5071")
    #expect(eve.lastInvite?.from.uri.user == "+81333331234")
    #expect(eve.lastInvite?.request.headers[.referredBy] == "<sip:bob@192.0.2.1>")
    #expect(rig.controller.runningCalls.first?.state == .held)
    rig.run(for: .seconds(3))
    rig.act(eve) { $0.answer($1) }
    #expect(bob.seen.suffix(2) == [.notified(200, isFinal: true), .ended(cause: 16)])
    #expect(eve.seen.last == .acknowledged)
    #expect(remotes(rig).last == "192.0.2.11")
    #expect(bridges(rig).last == .both)
    let running = rig.controller.runningCalls.first
    #expect(running?.state == .talking)
    #expect(running?.peer == "sip:eve@192.0.2.1")
    #expect(running?.notes == ["transferred to sip:eve@192.0.2.1"])
    // The line never noticed.
    #expect(rig.commands(to: "line1") == [.hangUp, .seize])
    rig.run(for: .seconds(60))
    rig.act(eve) { $0.hangUp($1) }
    rig.expectAllIsOver()
    #expect(rig.lastRecord()?.end?.by == .caller)
    #expect(rig.lastRecord()?.talkTime ?? .zero > .seconds(60))
  }

  @Test func inboundCallIsTransferred() throws {
    let rig = Rig(lines: 1) { $0.inbound.destinations = [.uri("sip:bob@192.0.2.10:5070")] }
    let bob = rig.addSoftphone("bob", port: 5070)
    let eve = rig.addSoftphone("eve", port: 5071)
    try rig.register(eve, as: "eve")
    rig.lines[LineID("line1")]?.isInbound = true
    rig.lineEvent(LineID("line1"), .callerID(CallerID(number: "0312345678", name: "TARO", format: .bell)))
    rig.lineEvent(LineID("line1"), .ringing(burst: 1))
    rig.run(for: .seconds(1))
    rig.act(bob) { $0.answer($1) }
    rig.run(for: .seconds(1))
    #expect(rig.controller.runningCalls.first?.state == .talking)
    rig.act(bob) { $0.refer(to: "sip:eve@192.0.2.1", $1) }
    // The target sees who is on the line.
    #expect(eve.lastInvite?.from.uri.user == "0312345678")
    #expect(eve.lastInvite?.from.displayName == "TARO")
    rig.act(eve) { $0.answer($1) }
    #expect(bob.seen.last == .ended(cause: 16))
    rig.lineEvent(LineID("line1"), .loopBroken(milliseconds: 250))
    #expect(eve.seen.last == .ended(cause: 16))
    hangUpAll(rig)
  }

  @Test(arguments: [486, 603, 404]) func refusedTargetLeavesTheOldCall(status: Int) throws {
    let (rig, bob, eve) = try talking()
    rig.act(bob) { $0.refer(to: "sip:eve@192.0.2.1", $1) }
    rig.act(eve) { $0.reject(status, $1) }
    #expect(bob.seen.last == .notified(status, isFinal: true))
    #expect(remotes(rig).last == "192.0.2.10")
    #expect(bridges(rig).last == .both)
    #expect(rig.controller.runningCalls.first?.state == .talking)
    // And may be tried again.
    rig.act(bob) { $0.refer(to: "sip:eve@192.0.2.1", $1) }
    rig.act(eve) { $0.answer($1) }
    #expect(bob.seen.last == .ended(cause: 16))
    hangUpAll(rig)
  }

  @Test func targetThatDoesNotAnswerIsGivenUp() throws {
    let (rig, bob, eve) = try talking()
    rig.act(bob) { $0.refer(to: "sip:eve@192.0.2.1", $1) }
    rig.run(for: .seconds(31))
    #expect(eve.seen.last == .cancelled)
    #expect(bob.seen.last == .notified(408, isFinal: true))
    #expect(rig.controller.runningCalls.first?.state == .talking)
    hangUpAll(rig)
  }

  @Test func targetWithoutUsableMediaIsNoTarget() throws {
    let (rig, bob, eve) = try talking()
    rig.act(bob) { $0.refer(to: "sip:eve@192.0.2.1", $1) }
    rig.act(eve) { phone, now in
      if let leg = phone.leg { phone.userAgent.answer(leg, sdp: Softphone.sdp(phone.address, codecs: "18"), now: now) }
    }
    #expect(bob.seen.last == .notified(488, isFinal: true))
    #expect(eve.seen.last == .ended(cause: 65))
    #expect(remotes(rig).last == "192.0.2.10")
    hangUpAll(rig)
  }

  @Test func everyContactOfTheTargetRings() throws {
    let (rig, bob, eve) = try talking()
    let mobile = rig.addSoftphone("mobile", port: 5072)
    try rig.register(mobile, as: "eve")
    rig.act(bob) { $0.refer(to: "sip:eve@192.0.2.1", $1) }
    rig.act(eve) { $0.reject(486, $1) }
    #expect(!bob.seen.contains(.notified(486, isFinal: true)))
    rig.act(mobile) { $0.answer($1) }
    #expect(bob.seen.suffix(2) == [.notified(200, isFinal: true), .ended(cause: 16)])
    #expect(remotes(rig).last == "192.0.2.12")
    hangUpAll(rig)
  }

  @Test func holdAndResumeGoOnMeanwhile() throws {
    let (rig, bob, eve) = try talking()
    rig.act(bob) { $0.refer(to: "sip:eve@192.0.2.1", $1) }
    rig.act(bob) { $0.offer("sendonly", $1) }
    #expect(bridges(rig).last == .held)
    rig.act(bob) { $0.offer("sendrecv", $1) }
    #expect(bridges(rig).last == .both)
    rig.act(bob) { $0.offer("inactive", $1) }
    rig.act(eve) { $0.answer($1) }
    #expect(bridges(rig).last == .both)
    rig.act(eve) { $0.offer("sendonly", $1) }
    #expect(bridges(rig).last == .held)
    rig.act(eve) { $0.offer("sendrecv", $1) }
    #expect(rig.controller.runningCalls.first?.state == .talking)
    // On to the next.
    let carol = rig.addSoftphone("carol", port: 5072)
    try rig.register(carol, as: "bob")
    rig.act(eve) { $0.refer(to: "sip:bob@192.0.2.1", $1) }
    rig.act(carol) { $0.answer($1) }
    #expect(remotes(rig).last == "192.0.2.12")
    #expect(eve.seen.last == .ended(cause: 16))
    hangUpAll(rig)
  }

  // MARK: Hang-ups

  @Test func transferorHangsUpAtOnceAndTheTargetAnswers() throws {
    let (rig, bob, eve) = try talking()
    rig.act(bob) { $0.refer(to: "sip:eve@192.0.2.1", $1) }
    rig.act(bob) { $0.hangUp($1) }
    #expect(bridges(rig).last == .closed)
    #expect(rig.mediaCommands.last == .playToLine(id, .tone(.ringback)))
    #expect(rig.controller.runningCalls.count == 1)
    // Nobody sends packets, and nobody is missed.
    rig.run(for: .seconds(10))
    rig.mediaEvent(.packetsMissing(id, milliseconds: 10_000))
    rig.run(for: .seconds(18))
    rig.act(eve) { $0.answer($1) }
    #expect(rig.mediaCommands.contains(.stopPlaying(id)))
    #expect(bridges(rig).last == .both)
    #expect(bob.seen.last == .notified(200, isFinal: true))
    // Now the new softphone is missed when it dies.
    rig.run(for: .seconds(30))
    eve.isDead = true
    rig.mediaEvent(.packetsMissing(id, milliseconds: 10_000))
    rig.run(for: .seconds(20))
    #expect(rig.lastRecord()?.end?.cause == .peerLost)
    rig.expectAllIsOver()
  }

  @Test(arguments: [(486, CallCause.busy), (480, .noAnswer), (404, .nobodyReachable)])
  func transferorHangsUpAtOnceAndTheTargetRefuses(_ status: Int, _ cause: CallCause) throws {
    let (rig, bob, eve) = try talking()
    rig.act(bob) { $0.refer(to: "sip:eve@192.0.2.1", $1) }
    rig.act(bob) { $0.hangUp($1) }
    rig.act(eve) { $0.reject(status, $1) }
    #expect(bob.seen.last == .notified(status, isFinal: true))
    #expect(rig.commands(to: "line1").last == .hangUp)
    rig.expectAllIsOver()
    #expect(rig.lastRecord()?.end?.cause == cause)
    #expect(rig.lastRecord()?.end?.evidence.contains("could not be reached (\(status))") == true)
  }

  @Test(arguments: [false, true]) func telephoneHangsUpWhileTheTargetRings(isParked: Bool) throws {
    let (rig, bob, eve) = try talking()
    rig.act(bob) { $0.refer(to: "sip:eve@192.0.2.1", $1) }
    if isParked { rig.act(bob) { $0.hangUp($1) } }
    rig.lineEvent(LineID("line1"), .loopBroken(milliseconds: 250))
    #expect(eve.seen.last == .cancelled)
    #expect(bob.seen.contains(.notified(487, isFinal: true)))
    if !isParked { #expect(bob.seen.last == .ended(cause: 16)) }
    rig.expectAllIsOver()
    #expect(rig.lastRecord()?.end?.by == .callee)
  }

  @Test func operatorEndsATransfer() throws {
    let (rig, bob, eve) = try talking()
    rig.act(bob) { $0.refer(to: "sip:eve@192.0.2.1", $1) }
    #expect(rig.controller.hangUp(id, now: rig.now) == true)
    rig.run(for: .milliseconds(1))
    #expect(eve.seen.last == .cancelled)
    #expect(bob.seen.last == .ended(cause: 31))
    rig.expectAllIsOver()
  }

  // MARK: Attended

  @Test func attendedTransferReplacesTheTargetsCall() throws {
    let (rig, bob, eve) = try talking()
    let replaces = ReplacesHeader(callID: "consultation@192.0.2.10", toTag: "theirs", fromTag: "mine")
    rig.act(bob) { $0.refer(to: "sip:eve@192.0.2.11:5071", replaces: replaces, $1) }
    // Eve knows no such call: that is her answer, and everything stays as it was.
    #expect(bob.seen.last == .notified(481, isFinal: true))
    #expect(rig.controller.runningCalls.first?.state == .talking)
    // Now she does: bob has called her.
    let consultation = try #require(try consult(from: bob, to: eve, rig))
    rig.act(bob) { $0.refer(to: "sip:eve@192.0.2.11:5071", replaces: consultation.replaces, leg: consultation.transferee, $1) }
    #expect(eve.lastInvite?.request.headers[.replaces]?.contains(consultation.replaces.callID) == true)
    #expect(eve.lastInvite?.replaces != nil)
    rig.act(eve) { $0.answer($1) }
    #expect(bob.seen.contains(.notified(200, isFinal: true)))
    #expect(remotes(rig).last == "192.0.2.11")
    hangUpAll(rig)
  }

  /// A call between two softphones that does not touch the gateway.
  private func consult(
    from bob: Softphone, to eve: Softphone, _ rig: Rig
  ) throws -> (replaces: ReplacesHeader, transferee: LegID)? {
    let transferee = try #require(bob.leg)
    var invite = OutgoingInvite(
      uri: SIPURI(user: "eve", address: eve.address), from: NameAddress(uri: SIPURI(user: "bob", host: bob.address.host)),
      to: NameAddress(uri: SIPURI(user: "eve", host: eve.address.host)), sdp: Softphone.sdp(bob.address), destination: nil)
    invite.destination = .address(.udp, eve.address)
    rig.act(bob) { $0.place(invite, $1) }
    rig.act(eve) { $0.answer($1) }
    let leg = try #require(bob.leg)
    return bob.userAgent.replacesHeader(for: leg).map { ($0, transferee) }
  }

  // MARK: Whom a transfer may name

  @Test(arguments: [
    ("sip:0333331234@192.0.2.1", 403), ("sip:+819012345678@192.0.2.1", 403), ("sip:110@192.0.2.1", 403), ("tel:+81333331234", 403),
    ("sip:mallory@192.0.2.1", 404), ("sip:bob@192.0.2.1", 480), ("sip:eve@198.51.100.9", 403), ("sip:0333331234@198.51.100.9", 403),
    ("sip:eve@192.0.2.1:9999", 403), ("sip:premium@example.com", 403),
  ])
  func targetsThatAreRefused(_ target: String, _ status: Int) throws {
    let (rig, bob, eve) = try talking { $0.userAgent.trusted = ["192.0.2.10", "192.0.2.11"].compactMap { IPNetwork($0) } }
    rig.act(bob) { $0.refer(to: target, $1) }
    #expect(bob.seen.last == .referAnswered(status))
    #expect(eve.seen.isEmpty)
    #expect(rig.controller.runningCalls.first?.state == .talking)
    #expect(rig.controller.runningCalls.first?.notes.first?.hasPrefix("a transfer was refused: ") == true)
    hangUpAll(rig)
  }

  /// Trusted peers reach each other without us.
  @Test func trustedPeersMayNameEachOther() throws {
    let (rig, bob, _) = try talking()
    let carol = rig.addSoftphone("carol", port: 5072)
    rig.act(bob) { $0.refer(to: "sip:carol@192.0.2.12:5072", $1) }
    rig.act(carol) { $0.answer($1) }
    #expect(bob.seen.last == .ended(cause: 16))
    hangUpAll(rig)
  }

  /// Who has a password but no trust may name accounts and what the configuration names.
  @Test func accountsMayNotUseTheGatewaysTrust() throws {
    let (rig, bob, carol, outside) = try talkingWithPassword()
    rig.act(bob) { $0.refer(to: "sip:carol@192.0.2.12:5072", $1) }
    #expect(bob.seen.last == .referAnswered(403))
    rig.act(bob) { $0.refer(to: "sip:desk@203.0.113.7", $1) }
    #expect(bob.seen.last == .referAnswered(202) || bob.seen.contains(.referAnswered(202)))
    #expect(carol.seen.isEmpty)
    _ = outside
    hangUpAll(rig)
  }

  private func talkingWithPassword() throws -> (Rig, Softphone, Softphone, SIPURI) {
    let rig = Rig(lines: 1) {
      $0.userAgent.trusted = [IPNetwork("192.0.2.12")].compactMap { $0 }
      $0.inbound.destinations = [.uri("sip:desk@203.0.113.7")]
    }
    let bob = rig.addSoftphone("bob", port: 5070)
    _ = rig.addSoftphone("eve", port: 5071)
    let carol = rig.addSoftphone("carol", port: 5072)
    bob.credentials = [SIPCredentials(user: "bob", password: "secret")]
    rig.act(bob) { $0.call("0333331234", $1) }
    rig.run(for: .seconds(10))
    #expect(bob.seen.last == .answered)
    #expect(rig.controller.runningCalls.first?.account == "bob")
    return (rig, bob, carol, SIPURI(user: "desk", host: "203.0.113.7"))
  }

  @Test func oneTransferAtATime() throws {
    let (rig, bob, eve) = try talking()
    rig.act(bob) { $0.refer(to: "sip:eve@192.0.2.1", $1) }
    rig.act(bob) { $0.refer(to: "sip:eve@192.0.2.1", $1) }
    #expect(bob.seen.last == .referAnswered(491))
    #expect(eve.seen == [.incoming])
    hangUpAll(rig)
  }

  @Test func emergencyCallsAreNotTransferred() throws {
    let (rig, bob, eve) = try talking()
    rig.act(bob) { $0.hangUp($1) }
    rig.run(for: .seconds(5))
    rig.act(bob) { $0.call("110", $1) }
    rig.run(for: .seconds(10))
    rig.act(bob) { $0.refer(to: "sip:eve@192.0.2.1", $1) }
    #expect(bob.seen.last == .referAnswered(403))
    #expect(eve.seen.isEmpty)
    hangUpAll(rig)
  }

  /// A transferred call goes on using the minutes of who placed it.
  @Test func budgetsFollowTheCall() throws {
    let (rig, bob, eve) = try talking { $0.outbound.limits.minutesPerDay = 2 }
    rig.act(bob) { $0.refer(to: "sip:eve@192.0.2.1", $1) }
    rig.act(eve) { $0.answer($1) }
    rig.run(for: .seconds(121))
    #expect(eve.seen.last == .ended(cause: 21))
    rig.expectAllIsOver()
    #expect(bob.seen.contains(.ended(cause: 16)))
  }
}
