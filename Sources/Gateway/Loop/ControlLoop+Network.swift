import CallControl
import ConfigurationFile
import SIP
import SIPTransport

/// Where servers are, and what the network makes of us.
extension ControlLoop {
  /// Looks a server up; the answer comes as an input, at once when it is known.
  func locate(_ request: LocationRequest) {
    switch request {
    case .find(let uri):
      transport.locate(uri) { [weak self] servers in self?.input { $0.located(uri, servers, now: $1) } }
    case .failed(let server):
      transport.avoid(server)
    }
  }

  /// Has the public address found where the configuration says how.
  func findPublicAddress() {
    addressFinder?.stop()
    addressFinder = nil
    guard case .stun(let host, let port)? = file.sip.publicAddress else { return }
    let finder = PublicAddressFinder(server: SIPAddress(host: host, port: port), transport: transport, logger: log.logger) {
      [weak self] address in
      self?.input { $0.publicAddressFound(address, now: $1) }
    }
    addressFinder = finder
    finder.start()
  }

  /// True when nobody waits for a STUN server's first answer.
  var knowsPublicAddress: Bool { addressFinder.map { $0.current != nil } ?? true }
}
