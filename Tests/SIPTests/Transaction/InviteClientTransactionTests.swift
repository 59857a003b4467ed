import SIP
import Testing

struct InviteClientTransactionTests {
  private let timers = TransactionTimers()

  private func machine(isReliable: Bool = false) -> InviteClientTransaction {
    InviteClientTransaction(isReliable: isReliable, timers: timers, now: .zero)
  }

  @Test
  func timerADoublesWithoutCeilingUntilTimerB() {
    var machine = machine()
    var sent: [Duration] = []
    var action = InviteClientTransaction.Action.none
    while let deadline = machine.deadline, action != .timedOut {
      action = machine.advance(to: deadline)
      if action == .retransmit { sent.append(deadline) }
      if action == .timedOut { #expect(deadline == .seconds(32)) }
    }
    #expect(sent == [500, 1500, 3500, 7500, 15500, 31500].map { .milliseconds($0) })
    #expect(action == .timedOut)
    #expect(machine.isTerminated)
  }

  @Test
  func reliableTransportSendsOnce() {
    var machine = machine(isReliable: true)
    #expect(machine.deadline == .seconds(32))
    #expect(machine.advance(to: .seconds(31)) == .none)
    #expect(machine.advance(to: .seconds(32)) == .timedOut)
  }

  @Test
  func provisionalStopsRetransmissionAndTimerB() {
    var machine = machine()
    #expect(machine.receive(status: 100, now: .zero) == .deliver)
    #expect(machine.receive(status: 180, now: .seconds(1)) == .deliver)
    #expect(machine.advance(to: .seconds(100)) == .none)
    #expect(machine.isPending)
    // Timer C (180 s) and 64 × T1 after the last provisional response.
    #expect(machine.deadline == .seconds(213))
    #expect(machine.advance(to: .seconds(213)) == .timedOut)
    #expect(machine.isTerminated)
  }

  @Test
  func refusalIsAcknowledgedEachTimeAndDeliveredOnceUntilTimerD() {
    var machine = machine()
    #expect(machine.receive(status: 486, now: .zero) == .acknowledgeAndDeliver)
    #expect(machine.receive(status: 486, now: .seconds(1)) == .acknowledge)
    #expect(machine.receive(status: 200, now: .seconds(1)) == .none)
    #expect(machine.deadline == .seconds(32))
    #expect(machine.advance(to: .seconds(32)) == .none)
    #expect(machine.isTerminated)
  }

  @Test
  func refusalOverAReliableTransportEndsAtOnce() {
    var machine = machine(isReliable: true)
    #expect(machine.receive(status: 404, now: .zero) == .acknowledgeAndDeliver)
    #expect(machine.isTerminated)
  }

  @Test
  func every2xxIsDeliveredUntilTimerM() {
    var machine = machine()
    #expect(machine.receive(status: 200, now: .zero) == .deliver)
    #expect(machine.receive(status: 200, now: .seconds(1)) == .deliver)
    #expect(machine.receive(status: 486, now: .seconds(1)) == .none)
    #expect(machine.receive(status: 180, now: .seconds(1)) == .none)
    #expect(machine.advance(to: .seconds(32)) == .none)
    #expect(machine.isTerminated)
    #expect(machine.receive(status: 200, now: .seconds(33)) == .none)
  }

  @Test
  func transportFailureCountsUntilTheFinalResponse() {
    var calling = machine()
    #expect(calling.transportFailed() == .transportFailed)
    #expect(calling.isTerminated)
    var answered = machine()
    _ = answered.receive(status: 200, now: .zero)
    #expect(answered.transportFailed() == .none)
    #expect(!answered.isTerminated)
  }
}
