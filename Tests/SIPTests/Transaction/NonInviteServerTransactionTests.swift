import SIP
import Testing

struct NonInviteServerTransactionTests {
  private func machine(isReliable: Bool = false) -> NonInviteServerTransaction {
    NonInviteServerTransaction(isReliable: isReliable, timers: TransactionTimers(), now: .zero)
  }

  @Test
  func repetitionBeforeAnyResponseIsAbsorbed() {
    var machine = machine()
    #expect(machine.receiveRepetition() == .none)
    #expect(machine.isPending)
  }

  @Test
  func repetitionGetsTheResponseAgainUntilTimerJ() {
    var machine = machine()
    #expect(machine.send(status: 100, now: .zero) == true)
    #expect(machine.receiveRepetition() == .retransmit)
    #expect(machine.send(status: 200, now: .seconds(1)) == true)
    #expect(machine.receiveRepetition() == .retransmit)
    #expect(machine.send(status: 500, now: .seconds(2)) == false)
    #expect(machine.deadline == .seconds(33))
    machine.advance(to: .seconds(32))
    #expect(!machine.isTerminated)
    machine.advance(to: .seconds(33))
    #expect(machine.isTerminated)
  }

  @Test
  func reliableTransportEndsWithTheFinal() {
    var machine = machine(isReliable: true)
    #expect(machine.send(status: 200, now: .zero) == true)
    #expect(machine.isTerminated)
  }
}
