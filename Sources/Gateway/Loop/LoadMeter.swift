import CLinux

/// How busy the control thread is with signalling: its processor time in the time that has passed.
///
/// A thread that is always busy but keeps up is not overloaded: only where peers repeat what was not answered in time is it told as full.
/// To be used on the control thread alone.
struct LoadMeter {
  /// What a busy thread that keeps up is told as, at the most.
  private static let keepingUp = 0.9

  private var processor = clinux_thread_cpu_nanoseconds()
  private var time = clinux_monotonic_nanoseconds()
  private var repetitions = 0

  /// 0–1, since the last time; `repetitionsReceived` is how many messages have ever come again.
  mutating func measure(repetitionsReceived: Int) -> Double {
    let (processorNow, timeNow) = (clinux_thread_cpu_nanoseconds(), clinux_monotonic_nanoseconds())
    defer { (processor, time, repetitions) = (processorNow, timeNow, repetitionsReceived) }
    guard timeNow > time else { return 0 }
    let load = min(max(Double(processorNow - processor) / Double(timeNow - time), 0), 1)
    return repetitionsReceived > repetitions ? load : min(load, Self.keepingUp)
  }
}
