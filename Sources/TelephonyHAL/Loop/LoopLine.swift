import RealTime
import Synchronization

//   onHook ──seize──▶ offHook ──dial──▶ answered: what is played is captured in the same 10 ms
//      ▲                 │                  │
//      └─────────────────┴──────hangUp──────┘

/// A line for benchmarks: takes any number by command, answers at once, and gives back what is played into it.
package final class LoopLine: TelephonyLine {
  package let id: LineID
  package let capabilities: LineCapabilities
  package let audio = LineAudio()
  package var driver: String { "loop" }

  struct Order: Sendable {
    let line: Int
    let command: LineCommand
  }

  private let index: Int
  private let orders: Mailbox<Order>
  let events = Mailbox<LineEvent>()

  init(id: LineID, index: Int, capabilities: LineCapabilities, orders: Mailbox<Order>) {
    self.id = id
    self.index = index
    self.capabilities = capabilities
    self.orders = orders
  }

  package func perform(_ command: LineCommand) {
    orders.post(Order(line: index, command: command))
  }

  package func nextEvent() -> LineEvent? {
    events.next()
  }
}
