import CallControl
import Numbering
import SIP
import TelephonyHAL
import Testing

/// Offers, answers, hold and keys while a call runs.
@Suite struct SessionTests {
  private let id = CallID(rawValue: 1)

  private func talking(
    sdp: [UInt8]? = nil, _ configure: (inout CallControlConfiguration) -> Void = { _ in }
  ) -> (Rig, Softphone) {
    let rig = Rig(lines: 1, configure)
    let phone = rig.addSoftphone("bob", port: 5070)
    rig.act(phone) { $0.call("0333331234", $1, sdp: sdp ?? Softphone.sdp($0.address)) }
    rig.run(for: .seconds(10))
    #expect(phone.seen.last == .answered)
    return (rig, phone)
  }

  private func bridges(_ rig: Rig) -> [BridgeMode] {
    rig.mediaCommands.compactMap { if case .bridge(_, let mode) = $0 { mode } else { nil } }
  }

  @Test(arguments: [("sendonly", "recvonly", BridgeMode.held), ("inactive", "inactive", .held), ("recvonly", "sendonly", .listen)])
  func holdAndResume(_ theirs: String, _ ours: String, _ mode: BridgeMode) {
    let (rig, phone) = talking()
    rig.act(phone) { $0.offer(theirs, $1) }
    #expect(phone.seen.last == .offerAnswered)
    #expect(phone.lastSDP?.contains("a=\(ours)") == true)
    #expect(bridges(rig) == [.listen, .both, mode])
    #expect(rig.controller.runningCalls.first?.state == .held)
    rig.run(for: .seconds(1))
    rig.act(phone) { $0.offer("sendrecv", $1) }
    #expect(phone.lastSDP?.contains("a=sendrecv") == true)
    #expect(bridges(rig) == [.listen, .both, mode, .both])
    #expect(rig.controller.runningCalls.first?.state == .talking)
    rig.act(phone) { $0.hangUp($1) }
    rig.expectAllIsOver()
  }

  @Test func holdInTheOldWay() {
    let (rig, phone) = talking()
    let address = SIPAddress(host: "0.0.0.0", port: 5070)
    rig.act(phone) { phone, now in
      if let leg = phone.leg { phone.userAgent.offer(leg, sdp: Softphone.sdp(address), now: now) }
    }
    #expect(phone.seen.last == .offerAnswered)
    #expect(bridges(rig).last == .held)
  }

  @Test func mediaWeCannotTakeLeavesTheCallAsItWas() {
    let (rig, phone) = talking()
    rig.act(phone) { phone, now in
      if let leg = phone.leg { phone.userAgent.offer(leg, sdp: Softphone.sdp(phone.address, codecs: "18"), now: now) }
    }
    #expect(phone.seen.last == .offerFailed(488))
    #expect(rig.controller.runningCalls.first?.state == .talking)
    rig.act(phone) { $0.hangUp($1) }
    rig.expectAllIsOver()
  }

  @Test func inviteWithoutOffer() {
    let rig = Rig(lines: 1)
    let phone = rig.addSoftphone("bob", port: 5070)
    phone.wantsToAnswer = true
    rig.act(phone) { $0.call("0333331234", $1, sdp: .some(nil)) }
    rig.run(for: .seconds(10))
    #expect(phone.seen == [.provisional(183, hasSDP: false), .provisional(180, hasSDP: false), .answered])
    #expect(phone.lastSDP?.contains("m=audio 20000 RTP/AVP 0 8 101") == true)
    #expect(bridges(rig).last == .both)
    let configured = rig.mediaCommands.contains { if case .configure = $0 { true } else { false } }
    #expect(configured)
    rig.act(phone) { $0.hangUp($1) }
    rig.expectAllIsOver()
  }

  // MARK: Keys

  @Test(arguments: [("application/dtmf-relay", "Signal=5\r\nDuration=200\r\n", 200), ("application/dtmf", "5", 160)])
  func infoKeysGoToTheLine(_ type: String, _ body: String, _ milliseconds: Int) {
    let (rig, phone) = talking()
    rig.act(phone) { $0.info(type, body, $1) }
    #expect(rig.mediaCommands.last == .sendDigit(id, "5", to: .line, milliseconds: milliseconds))
    rig.act(phone) { $0.info("text/plain", "5", $1) }
    #expect(rig.mediaCommands.count { if case .sendDigit = $0 { true } else { false } } == 1)
    rig.act(phone) { $0.hangUp($1) }
    rig.expectAllIsOver()
  }

  @Test func keysOfTheTelephoneGoByInfoOnlyWithoutTelephoneEvents() {
    let (rig, phone) = talking()
    rig.mediaEvent(.digit(id, "7", from: .line, milliseconds: 100))
    #expect(phone.seen.last == .answered)
    let (other, plain) = talking(sdp: Softphone.sdp(SIPAddress(host: "192.0.2.10", port: 5070), codecs: "0", events: false))
    other.mediaEvent(.digit(id, "7", from: .line, milliseconds: 100))
    #expect(plain.seen.last == .info("Signal=7\r\nDuration=100\r\n"))
    let (silent, deaf) = talking(sdp: Softphone.sdp(SIPAddress(host: "192.0.2.10", port: 5070), codecs: "0", events: false)) {
      $0.media.sendsDigitsByInfo = false
    }
    silent.mediaEvent(.digit(id, "7", from: .line, milliseconds: 100))
    #expect(deaf.seen.last == .answered)
    for (rig, phone) in [(rig, phone), (other, plain), (silent, deaf)] {
      rig.act(phone) { $0.hangUp($1) }
      rig.expectAllIsOver()
    }
  }
}
