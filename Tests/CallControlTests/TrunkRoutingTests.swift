import CallControl
import SIP
import TelephonyHAL
import Testing

/// Calls by trunks: outbound rules hold as for accounts, and calls from lines go where a trunk's name says.
@Suite struct TrunkRoutingTests {
  private let line = LineID("line1")

  /// A PBX at 192.0.2.10 and another system at 192.0.2.11; nobody is trusted for more.
  private func rig(
    lines: Int = 1, _ configure: (inout CallControlConfiguration) -> Void = { _ in }
  ) -> (Rig, pbx: Softphone, other: Softphone) {
    let rig = Rig(lines: lines) {
      $0.userAgent.trusted = []
      $0.userAgent.trunks = [("pbx", "192.0.2.10"), ("other", "192.0.2.11")].map { name, host in
        var trunk = SIPTrunk(name: name)
        trunk.networks = [IPNetwork(host)].compactMap { $0 }
        trunk.server = SIPURI(host: host, port: 5070)
        return trunk
      }
      configure(&$0)
    }
    return (rig, rig.addSoftphone("100", port: 5070), rig.addSoftphone("200", port: 5070))
  }

  @Test func callsOfATrunkTakeTheOutboundRules() {
    let (rig, pbx, _) = rig()
    rig.act(pbx) { $0.call("09012345678", $1) }
    #expect(pbx.seen.last == .failed(403, cause: 21))
    rig.act(pbx) { $0.call("0333331234", $1) }
    rig.run(for: .seconds(10))
    #expect(pbx.seen.last == .answered)
    let running = rig.controller.runningCalls.first
    #expect(running?.trunk == "pbx")
    #expect(running?.account == nil)
    rig.act(pbx) { $0.hangUp($1) }
    rig.expectAllIsOver()
  }

  @Test func trunkHasItsOwnMinutes() {
    let (rig, pbx, other) = rig(lines: 2) { $0.outbound.budgets = [Budget(.trunk("pbx"), minutesPerDay: 1)] }
    for phone in [pbx, other] { rig.act(phone) { $0.call("0333331234", $1) } }
    rig.run(for: .seconds(100))
    #expect(pbx.seen.last == .ended(cause: 21))
    #expect(other.seen.last == .answered)
    #expect(rig.lastRecord()?.end?.evidence == "ended because the 1 minutes a day of trunk pbx were spent")
    rig.act(other) { $0.hangUp($1) }
    rig.expectAllIsOver()
  }

  @Test func callsFromALineGoToTheTrunk() {
    let (rig, pbx, other) = rig { $0.inbound.destinations = [.uri("sip:100@pbx")] }
    rig.lines[line]?.isInbound = true
    rig.lineEvent(line, .callerID(CallerID(number: "0312345678", name: "TARO", format: .bell)))
    rig.lineEvent(line, .ringing(burst: 1))
    rig.run(for: .seconds(1))
    #expect(pbx.seen == [.incoming])
    #expect(other.seen.isEmpty)
    #expect(pbx.lastInvite?.requestURI.user == "100")
    #expect(pbx.lastInvite?.request.headers[.pAssertedIdentity]?.contains("0312345678") == true)
    rig.act(pbx) { $0.answer($1) }
    rig.run(for: .seconds(1))
    #expect(rig.controller.runningCalls.first?.state == .talking)
    // Its peers may be named as targets, those of another trunk may not.
    rig.act(pbx) { $0.refer(to: "sip:0333331234@192.0.2.11:5070", $1) }
    #expect(pbx.seen.last == .referAnswered(403))
    rig.act(pbx) { $0.refer(to: "sip:101@pbx", $1) }
    #expect(pbx.lastInvite?.requestURI.user == "101")
    rig.act(pbx) { $0.answer($1) }
    #expect(pbx.seen.contains(.notified(200, isFinal: true)))
    rig.act(pbx) { $0.hangUp($1) }
    rig.lines[line]?.isInbound = false
    rig.expectAllIsOver()
  }

  @Test func peersOfAnotherTrunkTakeNothingOver() throws {
    let (rig, pbx, other) = rig()
    rig.act(pbx) { $0.call("0333331234", $1) }
    rig.run(for: .seconds(10))
    let leg = try #require(pbx.leg)
    let replaces = try #require(pbx.userAgent.replacesHeader(for: leg))
    rig.act(other) { $0.takeOver(replaces, sdp: Softphone.sdp($0.address), $1) }
    #expect(other.seen.last == .failed(403, cause: nil))
    #expect(pbx.seen.last == .answered)
    rig.act(pbx) { $0.hangUp($1) }
    rig.expectAllIsOver()
  }
}
