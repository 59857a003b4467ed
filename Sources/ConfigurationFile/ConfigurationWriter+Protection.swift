import Yams

extension GatewayConfiguration.Protection {
  var node: Node {
    YAMLBuilder.map([
      ("requests_per_second", YAMLBuilder.number(requestsPerSecond)), ("strangers_per_second", YAMLBuilder.number(strangersPerSecond)),
      ("unauthenticated_answers", YAMLBuilder.number(unauthenticatedAnswers)), ("failed_digests", YAMLBuilder.number(failedDigests)),
      ("account_failures", YAMLBuilder.number(accountFailures)),
      ("account_requests_per_second", YAMLBuilder.number(accountRequestsPerSecond)),
      ("first_ban_s", YAMLBuilder.number(firstBanSeconds)), ("longest_ban_s", YAMLBuilder.number(longestBanSeconds)),
      ("message_bytes", YAMLBuilder.number(messageBytes)), ("header_fields", YAMLBuilder.number(headerFields)),
      ("connections", YAMLBuilder.number(connections)), ("connections_per_source", YAMLBuilder.number(connectionsPerSource)),
      ("message_s", YAMLBuilder.number(messageSeconds)), ("idle_s", YAMLBuilder.number(idleSeconds)),
      ("calls_per_source", YAMLBuilder.number(callsPerSource)), ("transactions_per_source", YAMLBuilder.number(transactionsPerSource)),
    ])
  }
}
