/// A first-in first-out queue that is drained after each input.
struct OutputQueue: Sendable {
  private var items: [UserAgent.Output?] = []
  private var head = 0

  var isEmpty: Bool { head == items.count }

  mutating func transmit(_ message: SIPMessage, to destination: Destination) {
    let allowed = destination.transport == .tls ? message : message.withoutKeys() ?? message
    items.append(.transmit(allowed, to: destination))
  }

  mutating func report(_ event: UserAgent.Event) { items.append(.event(event)) }
  mutating func append(_ output: UserAgent.Output) { items.append(output) }

  mutating func popFirst() -> UserAgent.Output? {
    guard head < items.count else { return nil }
    let item = items[head]
    items[head] = nil
    head += 1
    if head == items.count {
      items.removeAll(keepingCapacity: items.count <= 256)
      head = 0
    }
    return item
  }
}
