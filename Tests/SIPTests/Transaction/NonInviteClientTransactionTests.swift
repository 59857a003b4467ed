import SIP
import Testing

struct NonInviteClientTransactionTests {
  private let timers = TransactionTimers()

  private func machine(isReliable: Bool = false) -> NonInviteClientTransaction {
    NonInviteClientTransaction(isReliable: isReliable, timers: timers, now: .zero)
  }

  @Test
  func timerEDoublesUpToT2UntilTimerF() {
    var machine = machine()
    var sent: [Duration] = []
    while let deadline = machine.deadline {
      switch machine.advance(to: deadline) {
      case .retransmit: sent.append(deadline)
      case .timedOut: #expect(deadline == .seconds(32))
      default: break
      }
    }
    #expect(sent == [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500].map { .milliseconds($0) })
    #expect(machine.isTerminated)
  }

  @Test
  func provisionalSlowsTimerEDownToT2() {
    var machine = machine()
    #expect(machine.receive(status: 100, now: .milliseconds(100)) == .deliver)
    #expect(machine.deadline == .milliseconds(4100))
    #expect(machine.advance(to: .milliseconds(4100)) == .retransmit)
    #expect(machine.deadline == .milliseconds(8100))
  }

  @Test
  func finalIsDeliveredOnceAndAbsorbedUntilTimerK() {
    var machine = machine()
    #expect(machine.receive(status: 200, now: .zero) == .deliver)
    #expect(machine.receive(status: 200, now: .seconds(1)) == .none)
    #expect(machine.deadline == .seconds(5))
    #expect(machine.advance(to: .seconds(5)) == .none)
    #expect(machine.isTerminated)
  }

  @Test
  func reliableTransportEndsWithTheFinal() {
    var machine = machine(isReliable: true)
    #expect(machine.deadline == .seconds(32))
    #expect(machine.receive(status: 200, now: .zero) == .deliver)
    #expect(machine.isTerminated)
  }

  @Test
  func transportFailureIsReportedOnce() {
    var machine = machine()
    #expect(machine.transportFailed() == .transportFailed)
    #expect(machine.transportFailed() == .none)
  }
}
