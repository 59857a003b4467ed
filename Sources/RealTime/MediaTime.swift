private import CLinux

/// An instant of the media plane, or the distance between two: nanoseconds on the monotonic clock.
///
/// Arithmetic wraps rather than traps, since one operand may come from a packet.
public struct MediaTime: Comparable, Hashable, Sendable, BitwiseCopyable {
  /// Nanoseconds on the monotonic clock.
  public var nanoseconds: Int64

  /// That many nanoseconds.
  @inlinable
  @_noLocks
  public init(nanoseconds: Int64) {
    self.nanoseconds = nanoseconds
  }

  /// The monotonic clock now.
  ///
  /// Only the edges of the program read it; everything else is told the time.
  @_noLocks
  public static func now() -> MediaTime {
    MediaTime(nanoseconds: clinux_monotonic_nanoseconds())
  }

  /// The clock's origin, or no distance.
  @inlinable
  public static var zero: MediaTime {
    @_noLocks get { MediaTime(nanoseconds: 0) }
  }

  /// A distance in milliseconds.
  @inlinable
  @_noLocks
  public static func milliseconds(_ count: Int) -> MediaTime {
    MediaTime(nanoseconds: Int64(truncatingIfNeeded: count) &* 1_000_000)
  }

  /// A distance in microseconds.
  @inlinable
  @_noLocks
  public static func microseconds(_ count: Int) -> MediaTime {
    MediaTime(nanoseconds: Int64(truncatingIfNeeded: count) &* 1_000)
  }

  /// A distance in seconds.
  @inlinable
  @_noLocks
  public static func seconds(_ count: Int) -> MediaTime {
    MediaTime(nanoseconds: Int64(truncatingIfNeeded: count) &* 1_000_000_000)
  }

  /// The time that many samples at 8 kHz take.
  @inlinable
  @_noLocks
  public static func samples(_ count: Int64) -> MediaTime {
    MediaTime(nanoseconds: count &* 125_000)
  }

  /// Whole milliseconds, cut toward zero.
  @inlinable
  public var wholeMilliseconds: Int {
    @_noLocks get { Int(nanoseconds / 1_000_000) }
  }

  /// Samples at 8 kHz, cut toward zero.
  @inlinable
  public var wholeSamples: Int64 {
    @_noLocks get { nanoseconds / 125_000 }
  }

  /// The instant that much later.
  @inlinable
  @_noLocks
  public static func + (left: MediaTime, right: MediaTime) -> MediaTime {
    MediaTime(nanoseconds: left.nanoseconds &+ right.nanoseconds)
  }

  /// The distance between two instants, or the instant that much earlier.
  @inlinable
  @_noLocks
  public static func - (left: MediaTime, right: MediaTime) -> MediaTime {
    MediaTime(nanoseconds: left.nanoseconds &- right.nanoseconds)
  }

  /// Moves the instant.
  @inlinable
  @_noLocks
  public static func += (left: inout MediaTime, right: MediaTime) {
    left.nanoseconds &+= right.nanoseconds
  }

  /// Whether the left is earlier.
  @inlinable
  @_noLocks
  public static func < (left: MediaTime, right: MediaTime) -> Bool {
    left.nanoseconds < right.nanoseconds
  }

  /// Whether both are the same.
  @inlinable
  @_noLocks
  public static func == (left: MediaTime, right: MediaTime) -> Bool {
    left.nanoseconds == right.nanoseconds
  }

  // The standard library's own forms of these are generic, which the checker does not let through.

  /// Whether the left is later.
  @inlinable
  @_noLocks
  public static func > (left: MediaTime, right: MediaTime) -> Bool {
    left.nanoseconds > right.nanoseconds
  }

  /// Whether the left is not later.
  @inlinable
  @_noLocks
  public static func <= (left: MediaTime, right: MediaTime) -> Bool {
    left.nanoseconds <= right.nanoseconds
  }

  /// Whether the left is not earlier.
  @inlinable
  @_noLocks
  public static func >= (left: MediaTime, right: MediaTime) -> Bool {
    left.nanoseconds >= right.nanoseconds
  }

  /// Whether they differ.
  @inlinable
  @_noLocks
  public static func != (left: MediaTime, right: MediaTime) -> Bool {
    left.nanoseconds != right.nanoseconds
  }
}
