import LineHarness
import RealTime
import SIP

/// A softphone asks for a transfer, and may hang up without waiting for what comes of it.
struct RandomTransfer {
  let target: String
  let replaces: ReplacesHeader?
  let after: MediaTime
  let hangsUp: MediaTime?

  /// In a call that began at a time.
  func play(_ world: VirtualWorld, _ phone: VirtualSoftphone, _ call: SoftphoneCall, _ time: MediaTime) {
    world.at(time + after) { $0.refer(phone, call, to: target, replaces: replaces) }
    if let hangsUp { world.at(time + after + hangsUp) { phone.hangUp(call, now: $0.now) } }
  }
}
