import CallControl
import SIP
import TelephonyHAL
import Testing

/// Calls to accounts: every registered contact is rung.
@Suite struct RegisteredAccountTests {
  private let line = LineID("line1")

  /// From a trusted network a REGISTER needs no password; that it does from elsewhere is the user agent's test.
  private func register(_ rig: Rig, _ phone: Softphone, expires: Int = 3600) throws {
    let address = phone.address.description
    let text = """
      REGISTER sip:\(Rig.gateway.host) SIP/2.0\r
      Via: SIP/2.0/UDP \(address);branch=z9hG4bK\(phone.name)\(expires)\r
      Max-Forwards: 70\r
      From: <sip:bob@\(Rig.gateway.host)>;tag=\(phone.name)\r
      To: <sip:bob@\(Rig.gateway.host)>\r
      Call-ID: \(phone.name)@test\r
      CSeq: \(4000 - expires) REGISTER\r
      Contact: <sip:bob@\(address)>\r
      Expires: \(expires)\r
      Content-Length: 0\r
      \r

      """
    let message = try SIPParser.parse(datagram: Array(text.utf8))
    rig.controller.sip(message, on: phone.gatewayFlow, now: rig.now)
    rig.run(for: .milliseconds(1))
  }

  private func ring(_ rig: Rig) {
    rig.lineEvent(line, .ringing(burst: 1))
    rig.run(for: .seconds(3))
    rig.lineEvent(line, .ringing(burst: 2))
    rig.run(for: .milliseconds(100))
  }

  @Test func everyContactRings() throws {
    let rig = Rig(lines: 1)
    let (desk, mobile) = (rig.addSoftphone("desk", port: 5070), rig.addSoftphone("mobile", port: 5071))
    try register(rig, desk)
    try register(rig, mobile)
    ring(rig)
    #expect(desk.seen == [.incoming])
    #expect(mobile.seen == [.incoming])
    #expect(mobile.lastInvite?.requestURI.description == "sip:bob@192.0.2.11:5071")
    #expect(mobile.lastInvite?.to.uri.description == "sip:bob@192.0.2.1")
    rig.act(mobile) { $0.answer($1) }
    rig.run(for: .seconds(1))
    #expect(desk.seen.last == .cancelled)
    #expect(rig.controller.runningCalls.first?.state == .talking)
    rig.act(mobile) { $0.hangUp($1) }
    rig.run(for: .seconds(60))
    #expect(rig.lastRecord()?.end?.by == .callee)
    // The registrations stay, and with them their timer.
    let isIdle = rig.controller.isIdle
    #expect(isIdle)
    #expect(rig.controller.nextDeadline != nil)
  }

  @Test func whoHasGoneIsNotRung() throws {
    let rig = Rig(lines: 1)
    let desk = rig.addSoftphone("desk", port: 5070)
    try register(rig, desk)
    try register(rig, desk, expires: 0)
    ring(rig)
    #expect(desk.seen.isEmpty)
    rig.lineEvent(line, .ringingStopped)
    rig.expectAllIsOver()
    let notices = rig.notices.map { notice in
      switch notice {
      case .registered(let account, let contacts): "\(account) \(contacts)"
      case .unregistered(let account): "\(account) gone"
      default: ""
      }
    }
    #expect(notices.filter { !$0.isEmpty } == ["bob 1", "bob gone"])
  }

  @Test func operatorsCallRingsTheAccount() throws {
    let rig = Rig(lines: 1)
    let desk = rig.addSoftphone("desk", port: 5070)
    try register(rig, desk)
    _ = try rig.controller.place("0333331234", to: .account("bob"), now: rig.now)
    rig.run(for: .seconds(1))
    rig.act(desk) { $0.answer($1) }
    rig.run(for: .seconds(10))
    #expect(rig.controller.runningCalls.first?.state == .talking)
    rig.act(desk) { $0.hangUp($1) }
    rig.expectAllIsOver()
  }
}
