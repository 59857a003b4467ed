import CallControl
import TelephonyHAL
import Testing

@Suite struct InboundCallTests {
  private let id = CallID(rawValue: 1)
  private let bob = CallControlConfiguration.InboundDestination.account("bob")
  private let eve = CallControlConfiguration.InboundDestination.account("eve")
  private let callerID = CallerID(number: "0312345678", format: .bell)

  private func call(
    to destinations: [CallControlConfiguration.InboundDestination], fallback: [CallControlConfiguration.InboundDestination] = []
  )
    -> InboundCall
  {
    InboundCall(
      id: id, timing: CallControlConfiguration.Timing(),
      inbound: CallControlConfiguration.Inbound(destinations: destinations, fallback: fallback), now: .zero)
  }

  private func alerting(fallback: [CallControlConfiguration.InboundDestination] = []) -> InboundCall {
    var call = call(to: [bob], fallback: fallback)
    _ = call.line(.ringing(burst: 1), now: .zero)
    _ = call.line(.callerID(callerID), now: .seconds(1))
    _ = call.media(.opened(id, rtpPort: 4000, rtcpPort: 4001), now: .seconds(1))
    return call
  }

  private func reason(_ actions: [CallAction]) -> EndReason? {
    for case .end(let reason) in actions { return reason }
    return nil
  }

  @Test func fromRingToTalk() {
    var call = call(to: [bob])
    #expect(call.line(.ringing(burst: 1), now: .zero) == [])
    #expect(call.line(.callerID(callerID), now: .seconds(1)) == [.state(.ringing), .media(.open(id))])
    #expect(call.callerID == callerID)
    #expect(call.media(.opened(id, rtpPort: 4000, rtcpPort: 4001), now: .seconds(1)) == [.invite([bob])])
    #expect(call.deadline == nil)
    #expect(call.softphoneAnswered(now: .seconds(5)) == [.line(.answer), .cancelLegs])
    #expect(call.line(.answered, now: .seconds(5)) == [.converse])
  }

  @Test func secondRingWithoutCallerIDIsEnough() {
    var call = call(to: [bob])
    #expect(call.line(.ringing(burst: 1), now: .zero) == [])
    #expect(call.line(.ringing(burst: 2), now: .seconds(3)) == [.state(.ringing), .media(.open(id))])
    #expect(call.callerID == nil)
  }

  @Test func callerIDIsAwaitedForFiveSeconds() {
    var call = call(to: [bob])
    #expect(call.line(.ringing(burst: 1), now: .zero) == [])
    #expect(call.deadline == .seconds(5))
    #expect(call.advance(to: .seconds(5)) == [.state(.ringing), .media(.open(id))])
  }

  @Test func callerIDBeforeTheRingWaitsForIt() {
    var call = call(to: [bob])
    #expect(call.line(.callerID(callerID), now: .zero) == [])
    #expect(call.line(.ringing(burst: 1), now: .seconds(2)) == [.state(.ringing), .media(.open(id))])
  }

  @Test func callerIDWithoutARingIsNoCall() {
    var call = call(to: [bob])
    _ = call.line(.callerID(callerID), now: .zero)
    #expect(reason(call.advance(to: .seconds(10)))?.cause == .callerGaveUp)
  }

  @Test func ringingThatStopsEndsTheCallInEveryState() {
    var identifying = call(to: [bob])
    _ = identifying.line(.ringing(burst: 1), now: .zero)
    var answering = alerting()
    _ = answering.softphoneAnswered(now: .seconds(3))
    var unattended = alerting()
    _ = unattended.legsExhausted(now: .seconds(3))
    for var call in [identifying, alerting(), answering, unattended] {
      let end = reason(call.line(.ringingStopped, now: .seconds(6)))
      #expect(end?.cause == .callerGaveUp)
      #expect(end?.by == .caller)
      #expect(call.deadline == nil)
    }
  }

  @Test func nobodyConfiguredLetsItRing() {
    var call = call(to: [])
    _ = call.line(.ringing(burst: 1), now: .zero)
    #expect(call.line(.ringing(burst: 2), now: .seconds(3)) == [.state(.ringing)])
    #expect(call.deadline == nil)
  }

  @Test func nobodyReachableRingsTheFallbackOnce() {
    var call = alerting(fallback: [eve])
    #expect(call.legsExhausted(now: .seconds(2)) == [.cancelLegs, .invite([eve])])
    #expect(call.legsExhausted(now: .seconds(3)) == [])
    #expect(call.deadline == nil)
  }

  @Test func nobodyAnsweringRingsTheFallback() {
    var call = alerting(fallback: [eve])
    #expect(call.deadline == .seconds(31))
    #expect(call.advance(to: .seconds(31)) == [.cancelLegs, .invite([eve])])
  }

  @Test func onlyTheFirstAnswerCounts() {
    var call = alerting()
    #expect(call.softphoneAnswered(now: .seconds(3)) == [.line(.answer), .cancelLegs])
    #expect(call.softphoneAnswered(now: .seconds(3)) == [])
  }

  @Test func lineThatDoesNotAnswerEndsTheCall() {
    var call = alerting()
    _ = call.softphoneAnswered(now: .seconds(3))
    #expect(call.deadline == .seconds(6))
    #expect(reason(call.advance(to: .seconds(6)))?.cause == .lineFailure)
  }

  @Test func lineThatFailsEndsTheCall() {
    var call = alerting()
    #expect(reason(call.line(.failed(LineFault(kind: .missing, detail: "gone")), now: .seconds(2)))?.cause == .lineFailure)
  }

  @Test func withoutAPortItRingsOn() {
    var call = call(to: [bob])
    _ = call.line(.ringing(burst: 1), now: .zero)
    _ = call.line(.ringing(burst: 2), now: .seconds(3))
    #expect(call.media(.openFailed(id, "none"), now: .seconds(3)) == [])
    #expect(reason(call.line(.ringingStopped, now: .seconds(9)))?.cause == .callerGaveUp)
  }
}
