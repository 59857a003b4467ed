/// A telephone of the exchange: its settings, what it says, and its calls.
final class Telephone {
  /// Ended calls that are remembered.
  static let remembered = 64

  let settings: SimulatorConfiguration.Phone
  let speech: SpokenAudio
  private(set) var ended: [TelephoneCallState] = []
  var active: [TelephoneCall] = []
  /// The states need publishing.
  var hasChanged = true
  /// When it calls by itself; nil: not, or done.
  var callsAt: Int?

  init(settings: SimulatorConfiguration.Phone) throws(SimulatorError) {
    self.settings = settings
    speech = try SpokenAudio(settings.says)
    callsAt = settings.calls == nil ? nil : settings.atMilliseconds
  }

  func remove(_ call: TelephoneCall) {
    active.removeAll { $0 === call }
    remember(call.state)
  }

  func remember(_ call: TelephoneCallState) {
    ended.append(call)
    if ended.count > Self.remembered { ended.removeFirst(ended.count - Self.remembered) }
    hasChanged = true
  }

  var state: TelephoneState {
    TelephoneState(number: settings.number, state: settings.state, calls: ended + active.map(\.state))
  }
}
