/// An element of `GET /v1/trunks`.
package struct TrunkStatus: Codable, Sendable, Equatable {
  package var name: String
  /// `registered`, `trying`, `failed`, `unregistered`; `accepting`: it needs no registration.
  package var state: String
  /// The registrar, or the server of a trunk without registration.
  package var server: String?
  /// `udp`, `tcp` or `tls`, and the address it is registered at.
  package var transport: String?
  package var remote: String?
  /// Seconds until the registration ends unless it is refreshed.
  package var expiresS: Double?
  /// Seconds until the next REGISTER.
  package var nextTryS: Double?
  /// Why the last REGISTER failed.
  package var lastError: String?
  /// Failures since the last success.
  package var failures: Int

  package init(name: String, state: String, failures: Int = 0) {
    self.name = name
    self.state = state
    self.failures = failures
  }
}

extension MetricFamily {
  /// What Prometheus is told of each trunk.
  package static func families(of trunks: [TrunkStatus]) -> [MetricFamily] {
    func each(_ value: (TrunkStatus) -> Double?) -> [Sample] {
      trunks.compactMap { trunk in value(trunk).map { Sample($0, [("trunk", trunk.name)]) } }
    }
    return [
      MetricFamily(
        "kakehashi_trunk_registered", .gauge, help: "1 while the trunk is registered.",
        each { $0.state == "accepting" ? nil : $0.state == "registered" ? 1 : 0 }),
      MetricFamily(
        "kakehashi_trunk_failures", .gauge, help: "Registrations that failed since the last that did not.",
        each { $0.state == "accepting" ? nil : Double($0.failures) }),
    ]
  }
}
