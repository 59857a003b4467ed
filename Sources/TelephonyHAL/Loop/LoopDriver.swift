package import RealTime

/// Runs all loop lines on one thread.
package final class LoopDriver: LineDriver {
  package let exchange: LoopExchange
  private let thread: StepThread

  /// The priority is that of SCHED_FIFO, 1–99, where allowed.
  ///
  /// `drift`: by how much the lines' clock is fast, ppm.
  package init(exchange: LoopExchange, priority: Int = 60, drift: Double = 0) throws(RealTimeError) {
    self.exchange = exchange
    thread = try StepThread(lines: exchange, name: "loop-lines", priority: priority, drift: drift)
  }

  package var lines: [any TelephonyLine] { exchange.lines }
  package var wakeDescriptor: Int32 { thread.pipe.readDescriptor }

  package func acknowledgeWake() { thread.pipe.drain() }
  package func start() throws(RealTimeError) { try thread.start() }
  package func stop() { thread.stop() }
}
