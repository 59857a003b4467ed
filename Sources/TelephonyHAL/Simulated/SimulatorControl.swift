import Synchronization

/// What a running exchange can be told to do with a telephone.
package enum SimulatorCommand: Sendable, Equatable {
  /// Answer every call that rings it.
  case answer(number: String)
  /// Hang up every call; a ringing one is refused as busy.
  case hangUp(number: String)
  /// Key digits into every call that talks.
  case key(number: String, digits: String)
  /// Call a line; nil identity: the telephone's own number.
  case call(number: String, line: String, identity: SimulatorConfiguration.Identity?)
}

/// The way from control to the exchange's telephones while the exchange runs.
///
/// Any thread.
package final class SimulatorControl: Sendable {
  private let commands = Mailbox<SimulatorCommand>()
  private let published = Mutex<[String: TelephoneState]>([:])

  init() {}

  /// Done at the exchange's next step.
  package func perform(_ command: SimulatorCommand) {
    commands.post(command)
  }

  /// As of the last change, or 100 ms ago at most; nil for a number that no telephone has.
  package func state(of number: String) -> TelephoneState? {
    published.withLock { $0[number] }
  }

  /// All telephones by number.
  package var states: [TelephoneState] {
    published.withLock { Array($0.values) }.sorted { $0.number < $1.number }
  }

  // MARK: Exchange thread

  func takeCommands() -> [SimulatorCommand] { commands.tryTakeAll() }

  /// False when a reader has the states just now: try again.
  func publish(_ state: TelephoneState) -> Bool {
    published.withLockIfAvailable { $0[state.number] = state } != nil
  }
}
