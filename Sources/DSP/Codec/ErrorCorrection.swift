/// Whether what we send shall repeat the speech before it (in-band forward error correction), by what the peer reports.
///
/// ```
///   on at first ──three reports without loss──▶ off ──a report of 1 % or more──▶ on
/// ```
/// A peer that never reports may lose anything.
struct ErrorCorrection: BitwiseCopyable {
  /// libopus 1.3 starts to correct errors at a higher rate than it goes on with; its next packets are smaller for it.
  static var startBitRate: Int32 { @_noLocks get { 24_000 } }

  private(set) var isWanted = true
  private var cleanReports = 0
  private var hasStarted = false

  init() {}

  @_noLocks
  mutating func reported(loss: Float) {
    if loss >= 0.01 {
      cleanReports = 0
      isWanted = true
    } else {
      cleanReports &+= 1
      if cleanReports >= 3 { isWanted = false }
    }
  }

  /// Whether the next packet is the first that corrects errors.
  @_noLocks
  mutating func takeStart(_ isCorrecting: Bool) -> Bool {
    let starts = isCorrecting && !hasStarted
    hasStarted = isCorrecting
    return starts
  }
}
