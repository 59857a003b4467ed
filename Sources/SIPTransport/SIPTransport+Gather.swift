extension SIPTransport {
  /// Datagrams that are transmitted within leave together, in one system call where there are several.
  ///
  /// On the event loop.
  package func gather(_ work: () -> Void) {
    guard !isGathering else { return work() }
    isGathering = true
    work()
    isGathering = false
    for listener in datagramListeners { listener.flush() }
  }
}
