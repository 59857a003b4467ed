import SIP
import Testing

struct InviteServerTransactionTests {
  private let timers = TransactionTimers()

  private func machine(isReliable: Bool = false) -> InviteServerTransaction {
    InviteServerTransaction(isReliable: isReliable, timers: timers)
  }

  @Test
  func repeatedInviteGetsTheProvisionalAgain() {
    var machine = machine()
    #expect(machine.send(status: 180, now: .zero) == true)
    #expect(machine.receiveRepetition() == .retransmit)
    #expect(machine.isPending)
    #expect(machine.deadline == nil)
  }

  @Test
  func refusalIsRepeatedByTimerGUntilTimerH() {
    var machine = machine()
    #expect(machine.send(status: 486, now: .zero) == true)
    var sent: [Duration] = []
    var end: Duration?
    while let deadline = machine.deadline {
      switch machine.advance(to: deadline) {
      case .retransmit: sent.append(deadline)
      case .timedOut: end = deadline
      default: break
      }
    }
    #expect(sent == [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500].map { .milliseconds($0) })
    #expect(end == .seconds(32))
    #expect(machine.isTerminated)
  }

  @Test
  func ackOfARefusalStopsItAndIsAbsorbedUntilTimerI() {
    var machine = machine()
    _ = machine.send(status: 486, now: .zero)
    #expect(machine.receiveRepetition() == .retransmit)
    #expect(machine.receiveAcknowledgement(now: .seconds(1)) == .none)
    #expect(machine.deadline == .seconds(6))
    #expect(machine.receiveAcknowledgement(now: .seconds(2)) == .none)
    #expect(machine.receiveRepetition() == .none)
    _ = machine.advance(to: .seconds(6))
    #expect(machine.isTerminated)
  }

  @Test
  func reliableTransportRepeatsNothingButWaitsForTheACK() {
    var machine = machine(isReliable: true)
    _ = machine.send(status: 486, now: .zero)
    #expect(machine.deadline == .seconds(32))
    _ = machine.receiveAcknowledgement(now: .seconds(1))
    #expect(machine.isTerminated)
  }

  @Test
  func after2xxInvitesAreAbsorbedAndACKsDeliveredUntilTimerL() {
    var machine = machine()
    #expect(machine.send(status: 200, now: .zero) == true)
    #expect(machine.receiveRepetition() == .none)
    #expect(machine.receiveAcknowledgement(now: .zero) == .deliver)
    #expect(machine.send(status: 200, now: .seconds(1)) == true)
    #expect(machine.send(status: 486, now: .seconds(1)) == false)
    #expect(machine.send(status: 180, now: .seconds(1)) == false)
    #expect(machine.deadline == .seconds(32))
    #expect(machine.advance(to: .seconds(32)) == .none)
    #expect(machine.isTerminated)
  }

  @Test
  func nothingIsSentAfterARefusal() {
    var machine = machine()
    _ = machine.send(status: 486, now: .zero)
    #expect(machine.send(status: 200, now: .zero) == false)
    #expect(machine.send(status: 180, now: .zero) == false)
    #expect(machine.send(status: 487, now: .zero) == false)
  }
}
