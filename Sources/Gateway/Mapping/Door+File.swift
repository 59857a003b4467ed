import ConfigurationFile
import Protection
import SIP
import SIPTransport

extension ProtectionConfiguration {
  init(_ file: GatewayConfiguration.Protection) {
    self.init()
    strangerMessages = Allowance(burst: 4 * file.requestsPerSecond, perSecond: Double(file.requestsPerSecond))
    allStrangerMessages = Allowance(burst: 2 * file.strangersPerSecond, perSecond: Double(file.strangersPerSecond))
    unauthenticatedAnswers = Allowance(burst: file.unauthenticatedAnswers, perSecond: unauthenticatedAnswers.perSecond)
    failedDigests = Allowance(burst: file.failedDigests, perSecond: failedDigests.perSecond)
    accountFailures = Allowance(burst: file.accountFailures, perSecond: accountFailures.perSecond)
    accountRequests = Allowance(burst: 5 * file.accountRequestsPerSecond, perSecond: Double(file.accountRequestsPerSecond))
    firstBan = .seconds(file.firstBanSeconds)
    longestBan = .seconds(file.longestBanSeconds)
  }
}

extension UserAgentConfiguration {
  /// Networks that the door never looks at: the trusted ones, and those that trunks call from.
  var openNetworks: [IPNetwork] { trusted + trunks.flatMap(\.networks) }
}

extension GatewayConfiguration.Protection {
  /// The keys that are read at the start only, with what has changed.
  func keysFixedAtStart(differingFrom new: GatewayConfiguration.Protection) -> [String] {
    var keys: [String] = []
    if messageBytes != new.messageBytes { keys.append("sip.protection.message_bytes") }
    if headerFields != new.headerFields { keys.append("sip.protection.header_fields") }
    if connections != new.connections { keys.append("sip.protection.connections") }
    if connectionsPerSource != new.connectionsPerSource { keys.append("sip.protection.connections_per_source") }
    if messageSeconds != new.messageSeconds { keys.append("sip.protection.message_s") }
    if idleSeconds != new.idleSeconds { keys.append("sip.protection.idle_s") }
    return keys
  }
}
