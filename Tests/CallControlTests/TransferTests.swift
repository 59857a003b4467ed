import CallControl
import Testing

/// The machine alone; with softphones it is played in `CallTransferTests`.
@Suite struct TransferTests {
  private func transfer() -> Transfer { Transfer(to: "sip:carol@pbx", transferor: .caller, ringing: .seconds(30), now: .seconds(100)) }

  @Test func answeredTargetTakesThePlace() {
    var transfer = transfer()
    #expect(transfer.begin() == [.accept, .ring])
    #expect(transfer.deadline == .seconds(130))
    #expect(transfer.progressed(180) == [.notify(180, isFinal: false)])
    #expect(transfer.progressed(180) == [])
    #expect(transfer.progressed(183) == [.notify(183, isFinal: false)])
    #expect(transfer.progressed(180) == [])
    #expect(transfer.answered() == [.cancelTargets, .bridge, .notify(200, isFinal: true), .releaseTransferor])
    #expect(transfer.isOver)
    #expect(transfer.deadline == nil)
    expectNothingMore(&transfer)
  }

  @Test func failureLeavesTheCallAsItWas() {
    var transfer = transfer()
    #expect(transfer.targetsFailed(486) == [.notify(486, isFinal: true)])
    expectNothingMore(&transfer)
  }

  @Test func targetsThatRingTooLongAreGivenUp() {
    var transfer = transfer()
    #expect(transfer.advance(to: .seconds(129)) == [])
    #expect(transfer.advance(to: .seconds(130)) == [.cancelTargets, .notify(408, isFinal: true)])
    expectNothingMore(&transfer)
  }

  @Test func transferorMayHangUpAtOnce() {
    var transfer = transfer()
    #expect(transfer.transferorLeft() == [.park])
    #expect(transfer.isParked)
    #expect(transfer.transferorLeft() == [])
    #expect(transfer.progressed(180) == [.notify(180, isFinal: false)])
    #expect(transfer.deadline == .seconds(130))
    #expect(transfer.answered() == [.cancelTargets, .bridge, .notify(200, isFinal: true)])
    expectNothingMore(&transfer)
  }

  @Test(arguments: [
    (486, CallCause.busy), (600, .busy), (480, .noAnswer), (408, .noAnswer), (404, .nobodyReachable), (503, .nobodyReachable),
  ])
  func parkedCallEndsWhenTheTargetCannotBeReached(_ status: Int, _ cause: CallCause) {
    var transfer = transfer()
    _ = transfer.transferorLeft()
    let evidence = "the softphone had transferred the call to sip:carol@pbx and hung up, and sip:carol@pbx could not be reached (\(status))"
    let reason = EndReason(cause, by: .caller, because: evidence)
    #expect(transfer.targetsFailed(status) == [.notify(status, isFinal: true), .end(reason)])
    expectNothingMore(&transfer)
  }

  @Test func parkedCallEndsWhenTheTargetRingsTooLong() {
    var transfer = transfer()
    _ = transfer.transferorLeft()
    let actions = transfer.advance(to: .seconds(130))
    #expect(actions.first == .cancelTargets)
    guard case .end(let reason)? = actions.last else { return #expect(Bool(false), "\(actions)") }
    #expect(reason.cause == .noAnswer)
  }

  @Test func endOfTheCallEndsTheTransfer() {
    var ringing = transfer()
    #expect(ringing.callEnded() == [.cancelTargets, .notify(487, isFinal: true)])
    expectNothingMore(&ringing)
    var parked = transfer()
    _ = parked.transferorLeft()
    #expect(parked.callEnded() == [.cancelTargets, .notify(487, isFinal: true)])
    expectNothingMore(&parked)
  }

  @Test func takenOverByAnother() {
    var transfer = transfer()
    #expect(transfer.takenOver() == [.cancelTargets, .notify(487, isFinal: true)])
    expectNothingMore(&transfer)
  }

  private func expectNothingMore(_ transfer: inout Transfer, _ location: SourceLocation = #_sourceLocation) {
    #expect(transfer.isOver, sourceLocation: location)
    #expect(transfer.progressed(199) == [], sourceLocation: location)
    #expect(transfer.answered() == [], sourceLocation: location)
    #expect(transfer.targetsFailed(500) == [], sourceLocation: location)
    #expect(transfer.transferorLeft() == [], sourceLocation: location)
    #expect(transfer.callEnded() == [], sourceLocation: location)
    #expect(transfer.advance(to: .seconds(10_000)) == [], sourceLocation: location)
  }
}
