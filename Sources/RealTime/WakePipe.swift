private import CLinux

/// Wakes the control side from a real-time thread: one byte through a non-blocking pipe.
///
/// Many wakes before the reader comes round are one; a full pipe is no error.
package struct WakePipe: ~Copyable, Sendable {
  /// The end that control waits on; readable after a wake.
  ///
  /// Owned by this value.
  package let readDescriptor: Int32
  @usableFromInline let writeDescriptor: Int32

  package init() throws(RealTimeError) {
    var ends: (read: Int32, write: Int32) = (-1, -1)
    let created = clinux_pipe_create(&ends.read, &ends.write)
    guard created >= 0 else { throw RealTimeError(operation: "pipe2", code: -created) }
    readDescriptor = ends.read
    writeDescriptor = ends.write
  }

  deinit {
    clinux_close(readDescriptor)
    clinux_close(writeDescriptor)
  }

  /// Wakes the reader; never blocks.
  ///
  /// Any thread.
  @_noLocks
  package borrowing func wake() {
    _ = clinux_pipe_wake(writeDescriptor)
  }

  /// Empties the pipe; whether there was a wake.
  ///
  /// The reader calls it before it looks at its rings.
  @discardableResult
  package borrowing func drain() -> Bool {
    clinux_pipe_drain(readDescriptor) > 0
  }
}
