extension GatewayConfiguration {
  /// What a source may do before it is held back; a stranger is a source that has proven nothing and is not in `trusted`.
  package struct Protection: Sendable, Equatable {
    /// Messages a second of one stranger, four times as many at once, 1 to 10,000; the default is 100.
    package var requestsPerSecond = 100
    /// Messages a second of all strangers together, twice as many at once, 1 to 50,000; the default is 4,000.
    package var strangersPerSecond = 4000
    /// Requests without credentials that a stranger gets an answer to, before silence, 1 to 10,000; the default is 60.
    ///
    /// One more is answered every 2 s.
    package var unauthenticatedAnswers = 60
    /// Wrong credentials of a source before a ban, 1 to 1,000; the default is 10; one is forgiven each minute.
    package var failedDigests = 10
    /// Wrong credentials for an account from anywhere before strangers cannot log in to it, 1 to 100,000; the default is 100.
    package var accountFailures = 100
    /// Requests a second of one account, five times as many at once, 1 to 10,000; the default is 200.
    package var accountRequestsPerSecond = 200
    /// Seconds of a first ban, each further one twice as long, 1 to 86,400; the default is 60.
    package var firstBanSeconds = 60
    /// Seconds, up to 2,592,000; the default is 86,400.
    package var longestBanSeconds = 86_400
    /// Bytes of a message, 1,500 to 65,535; the default is 65,535.
    package var messageBytes = 65_535
    /// Header fields of a message, 32 to 1,000; the default is 256.
    package var headerFields = 256
    /// TCP and TLS connections in all, 8 to 100,000; the default is 4,096, or twice the lines where that is more.
    package var connections = 4096
    /// TCP and TLS connections of one stranger, 1 to 100,000; the default is 256.
    package var connectionsPerSource = 256
    /// Seconds in which a new connection's first message, and each message, must be whole, 1 to 600; the default is 10.
    package var messageSeconds = 10
    /// Seconds without a byte after which a connection is closed, 10 to 86,400; the default is 3,700.
    package var idleSeconds = 3700
    /// Calls of one source at a time that is not in `trusted`, 1 to 100,000; the default is 4,096.
    package var callsPerSource = 4096
    /// Transactions of one source at a time that is not in `trusted`, 1 to 1,000,000; the default is 16,384.
    package var transactionsPerSource = 16_384

    package init() {}
  }
}
