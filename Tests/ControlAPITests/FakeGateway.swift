import ControlAPI
import Foundation
import Synchronization

/// A backend with one line, one running call and one telephone.
final class FakeGateway: ControlBackend {
  private struct State {
    var hungUp: [String] = []
    var commands: [SimulatorPhoneCommand] = []
    var readers: [AsyncStream<GatewayEvent>.Continuation] = []
  }

  static let start = Date(timeIntervalSince1970: 1_700_000_000.25)
  private let state = Mutex(State())

  var hungUp: [String] { state.withLock { $0.hungUp } }
  var commands: [SimulatorPhoneCommand] { state.withLock { $0.commands } }

  func emit(_ event: GatewayEvent) {
    for reader in state.withLock({ $0.readers }) { reader.yield(event) }
  }

  static var running: CallStatus {
    var call = CallStatus(
      id: "7", direction: "outbound", state: "talking", number: "+81333331234", peer: "sip:bob@127.0.0.1", startedAt: start)
    call.line = "line1"
    call.answer = .init(evidence: "the exchange reversed the polarity", confidence: 1)
    call.media.jitterMs = 1.5
    call.media.levelInDbm0 = -18
    return call
  }

  func status() -> GatewayStatus {
    GatewayStatus(
      name: "tokyo-1", version: "0.1", uptimeS: 12.5, sip: .init(listen: ["udp://127.0.0.1:5060"]),
      lines: .init(total: 4, free: 3, inUse: 1, failed: 0),
      calls: .init(active: 1, answered: 2, failed: 3), media: .init(ticks: 100, missedTicks: 1, lateUsP99: 80))
  }

  func lines() -> [LineStatus] { [LineStatus(name: "line1", driver: "simulated", group: "pstn", state: "in_use", callId: "7")] }
  func accounts() -> [AccountStatus] { [AccountStatus(user: "bob", contacts: [])] }

  func calls(ended: Bool, limit: Int) -> [CallStatus] {
    guard ended else { return [Self.running] }
    var call = Self.running
    call.state = "ended"
    call.end = .init(causeQ850: 16, reason: "normal clearing", evidence: "ended because the caller hung up", by: "caller")
    return Array(repeating: call, count: min(limit, 2))
  }

  func call(id: String) -> CallStatus? { id == "7" ? Self.running : nil }

  func placeCall(_ request: PlaceCallRequest) throws -> CallStatus {
    guard request.to == "bob" else { throw ControlError.conflict("\(request.to) is not registered") }
    return CallStatus(id: "8", direction: "outbound", state: "starting", number: request.number, peer: request.to, startedAt: Self.start)
  }

  func hangUp(id: String) -> Bool {
    guard id == "7" else { return false }
    state.withLock { $0.hungUp.append(id) }
    return true
  }

  func metrics() -> [MetricFamily] { [MetricFamily("kakehashi_extra_total", .counter, help: "Extra.", 5)] }

  func events() -> AsyncStream<GatewayEvent> {
    let (stream, continuation) = AsyncStream<GatewayEvent>.makeStream()
    state.withLock { $0.readers.append(continuation) }
    return stream
  }

  func simulatorPhones() -> [SimulatorPhone] { [SimulatorPhone(number: "0333331234", state: "idle", calls: [])] }

  func perform(_ command: SimulatorPhoneCommand, onPhone number: String) -> Bool {
    guard number == "0333331234" else { return false }
    state.withLock { $0.commands.append(command) }
    return true
  }
}
