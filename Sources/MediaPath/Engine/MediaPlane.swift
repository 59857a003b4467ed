package import Numbering
package import TelephonyHAL

/// The media of all calls as control sees it: on real sockets and threads (`MediaEngine`) or in virtual time (`VirtualMedia`).
///
/// Control thread only.
package protocol MediaPlane: AnyObject {
  /// Allocates the call's ports and path. No port exists before this.
  func open(_ call: MediaCallID) throws(MediaEngineError) -> MediaPorts

  /// Hands a command to the call's path; ignored where the call is not open.
  func perform(_ command: PathCommand, on call: MediaCallID)

  /// Attaches a line's audio; what is listened for follows the line's own plan. Replaces a line connected before.
  func connect(_ call: MediaCallID, to audio: LineAudio, plan: TonePlan, processing: LineProcessing)

  /// The newest statistics of an open call.
  func statistics(of call: MediaCallID) -> PathStatistics?

  /// What has happened, oldest first; nil when all has been told.
  func nextEvent() -> MediaPlaneEvent?

  /// Preloaded audio for `PathCommand.playClip` and `.holdAudio`.
  var clips: AudioClipStore { get }
}

extension MediaPlane {
  /// Attaches a line's audio, with what is done by default.
  package func connect(_ call: MediaCallID, to audio: LineAudio, plan: TonePlan) {
    connect(call, to: audio, plan: plan, processing: LineProcessing())
  }
}
