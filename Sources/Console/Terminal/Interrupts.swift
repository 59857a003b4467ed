import Glibc
import Synchronization

/// Ctrl-C and SIGTERM, counted.
enum Interrupts {
  private static let count = Atomic<Int>(0)

  /// From now on the signals are counted, and no longer end the process.
  static func watch() {
    _ = count.load(ordering: .relaxed)
    for number in [SIGINT, SIGTERM] {
      signal(number) { _ in Interrupts.note() }
    }
  }

  private static func note() { count.add(1, ordering: .relaxed) }

  /// Calls `body` with 1, 2, … for each signal, until cancelled.
  static func forEach(_ body: (Int) -> Void) async {
    var told = 0
    while !Task.isCancelled {
      while told < count.load(ordering: .relaxed) {
        told += 1
        body(told)
      }
      try? await Task.sleep(for: .milliseconds(50))
    }
  }
}
