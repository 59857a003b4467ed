import CallControl
import SIP
import TelephonyHAL
import Testing

/// New calls beyond what lines and processor carry; those that run are never touched.
@Suite struct AdmissionTests {
  private let closed = Admission.closed(retryAfterSeconds: OverloadGate.retryAfterSeconds)

  /// Every line is taken.
  private func full(_ lines: Int = 1) -> (Rig, [Softphone]) {
    let rig = Rig(lines: lines)
    let phones = (0..<lines).map { rig.addSoftphone("p\($0)", port: 5070) }
    for phone in phones { rig.act(phone) { $0.call("0333331234", $1) } }
    rig.run(for: .seconds(10))
    for phone in phones { #expect(phone.seen.last == .answered) }
    return (rig, phones)
  }

  @Test func refusalsHaveTheirReasonUntilTheyAreTooMany() {
    let (rig, phones) = full(2)
    let crowd = rig.addSoftphone("crowd", port: 5080)
    for _ in 0..<20 { rig.act(crowd) { $0.call("0333331234", $1) } }
    let refusals = crowd.seen.filter { if case .failed(503, _) = $0 { true } else { false } }
    #expect(refusals.count == 20)
    // Five in a second are calls with a record and a cause, the rest cost nothing.
    #expect(refusals.filter { $0 == .failed(503, cause: 34) }.count == OverloadGate.refusalsPerSecond)
    #expect(rig.records.count == OverloadGate.refusalsPerSecond)
    #expect(rig.controller.userAgent.statistics.notAdmitted == 20 - OverloadGate.refusalsPerSecond)
    #expect(rig.controller.userAgent.admission == closed)
    // Those who talk do not notice.
    #expect(rig.controller.runningCalls.map(\.state) == [.talking, .talking])
    // A second later some are looked at again.
    rig.run(for: .seconds(1))
    rig.act(crowd) { $0.call("0333331234", $1) }
    #expect(crowd.seen.last == .failed(503, cause: 34))
    for phone in phones { rig.act(phone) { $0.hangUp($1) } }
    rig.expectAllIsOver()
  }

  @Test func freeLineOpensAtOnce() {
    let (rig, phones) = full()
    let crowd = rig.addSoftphone("crowd", port: 5080)
    for _ in 0..<10 { rig.act(crowd) { $0.call("0333331234", $1) } }
    #expect(rig.controller.userAgent.admission == closed)
    rig.act(phones[0]) { $0.hangUp($1) }
    #expect(rig.controller.userAgent.admission == .open)
    // One waits for the line that is about to be free; the next is one too many again.
    rig.act(crowd) { $0.call("0333331234", $1) }
    rig.run(for: .seconds(10))
    #expect(crowd.seen.last == .answered)
    rig.act(crowd) { $0.hangUp($1) }
    rig.expectAllIsOver()
  }

  @Test func emergencyCallsAlwaysGetIn() {
    let (rig, phones) = full()
    let crowd = rig.addSoftphone("crowd", port: 5080)
    for _ in 0..<10 { rig.act(crowd) { $0.call("0333331234", $1) } }
    rig.controller.setLoad(1, now: rig.now)
    #expect(rig.controller.userAgent.admission == closed)
    let caller = rig.addSoftphone("caller", port: 5081)
    rig.act(caller) { $0.call("119", $1) }
    rig.run(for: .seconds(10))
    #expect(caller.seen.last == .answered)
    #expect(phones[0].seen.last == .ended(cause: 8))
    rig.act(caller) { $0.hangUp($1) }
    rig.controller.setLoad(0, now: rig.now)
    rig.expectAllIsOver()
  }

  @Test func busyProcessorClosesUntilItHasRecovered() {
    let rig = Rig(lines: 2)
    let phone = rig.addSoftphone("bob", port: 5070)
    rig.act(phone) { $0.call("0333331234", $1) }
    rig.run(for: .seconds(10))
    rig.controller.setLoad(0.94, now: rig.now)
    #expect(rig.controller.userAgent.admission == .open)
    rig.controller.setLoad(0.96, now: rig.now)
    #expect(rig.controller.userAgent.admission == closed)
    let second = rig.addSoftphone("eve", port: 5071)
    rig.act(second) { $0.call("0333331234", $1) }
    #expect(second.seen == [.failed(503, cause: nil)])
    // Hold, resume, hang-up of running calls are no new calls.
    rig.act(phone) { $0.offer("sendonly", $1) }
    #expect(phone.seen.last == .offerAnswered)
    rig.controller.setLoad(0.85, now: rig.now)
    #expect(rig.controller.userAgent.admission == closed)
    rig.controller.setLoad(0.79, now: rig.now)
    #expect(rig.controller.userAgent.admission == .open)
    rig.act(second) { $0.call("0333331234", $1) }
    rig.run(for: .seconds(10))
    #expect(second.seen.last == .answered)
    rig.act(phone) { $0.hangUp($1) }
    rig.act(second) { $0.hangUp($1) }
    rig.expectAllIsOver()
    let told = rig.notices.compactMap { if case .overload(let isOver, _) = $0 { isOver } else { nil } }
    #expect(told == [false, true])
  }

  /// Ten times what the lines carry, for a minute: whoever is let in is served whole.
  @Test func tenTimesTheCapacity() {
    let rig = Rig(lines: 4) { $0.outbound.limits.callsPerMinute = nil }
    rig.telephones["0333331234"] = .answers(after: .milliseconds(500))
    var phones: [Softphone] = []
    for second in 0..<60 {
      for index in 0..<8 {
        let phone = rig.addSoftphone("p\(second)-\(index)", port: 5100)
        phones.append(phone)
        rig.at(rig.now + .milliseconds(second * 1000 + index * 125)) { rig in
          rig.act(phone) { $0.call("0333331234", $1) }
          // A call takes 3.5 s to set up, 3 s of talk and 2 s of guard time.
          rig.at(rig.now + .milliseconds(6500)) { rig in rig.act(phone) { $0.hangUp($1) } }
        }
      }
    }
    rig.run(for: .seconds(70))
    let answered = phones.filter { $0.seen.contains(.answered) }
    let refused = phones.filter { phone in phone.seen.contains { if case .failed(503, _) = $0 { true } else { false } } }
    #expect(answered.count + refused.count == phones.count)
    #expect(answered.count >= 4 * 5)
    let cut = rig.records.filter { $0.answeredAt != nil && $0.end?.cause != .normalClearing }
    #expect(cut == [])
    #expect(rig.controller.userAgent.admission == .open)
    rig.expectAllIsOver()
  }
}
