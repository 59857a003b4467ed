import Numbering
import SIP

// New calls beyond what lines and processor carry are turned away before any work is done on them; running calls are never touched.
extension CallController {
  /// How busy the control thread has been of late, 0–1; to be told again and again.
  package mutating func setLoad(_ load: Double, now: Duration) {
    if gate.setLoad(load) { emit(.notice(.overload(isOver: !gate.isLoaded, load: load))) }
    decideAdmission(now)
  }

  /// After every input.
  mutating func decideAdmission(_ now: Duration) {
    let hasRoom = pool.idleCount > 0 || waiting.count < pool.soonFreeCount
    let admission = gate.admission(hasRoom: hasRoom, now: now)
    if userAgent.admission != admission { userAgent.admission = admission }
    deadlines.set(.admission, to: gate.deadline)
  }

  /// What admission never holds back.
  static func withEmergencyNumbers(_ configuration: CallControlConfiguration) -> CallControlConfiguration {
    var configuration = configuration
    configuration.userAgent.emergencyNumbers = EmergencyNumbers.numbers(in: configuration.country)
    return configuration
  }
}
