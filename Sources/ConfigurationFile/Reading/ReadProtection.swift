extension ConfigurationLoader {
  static func readProtection(_ sip: Section, into protection: inout GatewayConfiguration.Protection) {
    let allowed = [
      "requests_per_second", "strangers_per_second", "unauthenticated_answers", "failed_digests", "account_failures",
      "account_requests_per_second", "first_ban_s", "longest_ban_s", "message_bytes", "header_fields", "connections",
      "connections_per_source", "message_s", "idle_s", "calls_per_source", "transactions_per_source",
    ]
    guard let section = sip.section("protection", allowing: allowed) else { return }
    section.read("requests_per_second", in: 1...10_000, into: &protection.requestsPerSecond)
    section.read("strangers_per_second", in: 1...50_000, into: &protection.strangersPerSecond)
    section.read("unauthenticated_answers", in: 1...10_000, into: &protection.unauthenticatedAnswers)
    section.read("failed_digests", in: 1...1000, into: &protection.failedDigests)
    section.read("account_failures", in: 1...100_000, into: &protection.accountFailures)
    section.read("account_requests_per_second", in: 1...10_000, into: &protection.accountRequestsPerSecond)
    section.read("first_ban_s", in: 1...86_400, into: &protection.firstBanSeconds)
    section.read("longest_ban_s", in: 1...2_592_000, into: &protection.longestBanSeconds)
    section.read("message_bytes", in: 1500...65_535, into: &protection.messageBytes)
    section.read("header_fields", in: 32...1000, into: &protection.headerFields)
    section.read("connections", in: 8...100_000, into: &protection.connections)
    section.read("connections_per_source", in: 1...100_000, into: &protection.connectionsPerSource)
    section.read("message_s", in: 1...600, into: &protection.messageSeconds)
    section.read("idle_s", in: 10...86_400, into: &protection.idleSeconds)
    section.read("calls_per_source", in: 1...100_000, into: &protection.callsPerSource)
    section.read("transactions_per_source", in: 1...1_000_000, into: &protection.transactionsPerSource)
    if protection.longestBanSeconds < protection.firstBanSeconds {
      section.problem("longest_ban_s is shorter than first_ban_s (\(protection.firstBanSeconds))", at: "longest_ban_s")
    }
  }
}
