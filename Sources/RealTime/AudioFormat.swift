/// The one format of audio inside the gateway: 8 kHz linear PCM, 16 bits, one channel, in frames of 10 ms.
///
/// The constants are computed, since a stored one of another module cannot be read in a function that takes no locks.
public enum AudioFormat {
  /// Samples a second.
  @inlinable
  public static var sampleRate: Int { @_noLocks get { 8000 } }
  /// Samples of one frame.
  @inlinable
  public static var samplesPerFrame: Int { @_noLocks get { 80 } }
  /// Milliseconds of one frame.
  @inlinable
  public static var frameMilliseconds: Int { @_noLocks get { 10 } }
  /// Samples of one millisecond.
  @inlinable
  public static var samplesPerMillisecond: Int { @_noLocks get { 8 } }
}
