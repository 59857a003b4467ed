package import RealTime

extension MediaTime {
  /// The same distance on the control plane's scale, cut to whole nanoseconds upward, so that a deadline is past when it is reached.
  package init(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    self.init(nanoseconds: seconds * 1_000_000_000 + (attoseconds + 999_999_999) / 1_000_000_000)
  }

  /// The same distance on the control plane's scale.
  package var duration: Duration { .nanoseconds(nanoseconds) }
}
