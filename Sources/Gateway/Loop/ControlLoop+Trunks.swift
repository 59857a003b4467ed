import CallControl
import ConfigurationFile
import ControlAPI
import Foundation
import Logging
import SIP

// Trunks: the file's, what is told of them, and their end.
extension ControlLoop {
  func trunks(of file: GatewayConfiguration) -> [SIPTrunk] {
    file.sip.trunks.map { SIPTrunk($0, identity: identity) }
  }

  /// Registers; lines and addresses are known by now.
  func startTrunks() {
    let trunks = trunks(of: file)
    guard !trunks.isEmpty else { return }
    input { $0.setTrunks(trunks, now: $1) }
  }

  /// Takes the registrations back; asked again, it does nothing more.
  func stopTrunks() {
    guard controller.userAgent.hasTrunkRegistrations else { return }
    input { $0.stopTrunks(now: $1) }
  }

  func trunkStatuses() -> [TrunkStatus] { controller.userAgent.trunkStates.map(trunkStatus) }

  func tell(_ state: TrunkState) {
    let server = state.server.map { " at \($0)" } ?? ""
    switch state.kind {
    case .registered:
      let seconds = state.expiry.map { Int(($0 - clock.now).inSeconds.rounded()) } ?? 0
      log.info(
        "trunk \(state.name) is registered\(server)", ["expires_s": "\(seconds)", "remote": "\(state.flow?.remote.description ?? "-")"])
    case .failed:
      let wait = state.nextAttempt.map { Int(($0 - clock.now).inSeconds.rounded()) }
      log.warning(
        "trunk \(state.name) is not registered\(server): \(CallLog.oneLine(state.lastError ?? "no reason given"))",
        wait.map { ["next_try_s": "\($0)"] } ?? [:])
    case .unregistered: log.info("trunk \(state.name) is no longer registered", [:])
    case .trying, .accepting: break
    }
    guard events.hasReaders else { return }
    events.publish(GatewayEvent(.trunk, time: Date(), trunk: trunkStatus(state)))
  }

  private func trunkStatus(_ state: TrunkState) -> TrunkStatus {
    let now = clock.now
    var status = TrunkStatus(name: state.name, state: state.kind.rawValue, failures: state.failures)
    status.server = state.server?.description
    status.transport = state.flow?.transport.rawValue
    status.remote = state.flow?.remote.description
    status.expiresS = state.expiry.map { max(($0 - now).inSeconds, 0).rounded(toPlaces: 1) }
    status.nextTryS = state.nextAttempt.map { max(($0 - now).inSeconds, 0).rounded(toPlaces: 1) }
    status.lastError = state.lastError
    return status
  }
}
