import AudioFile
import DSP
import Numbering
import RealTime

// telephone:  ringing ──answers──▶ talking ──hangs up──▶ ended        placed calls: ringing means that the line rings
//
//   speech, keys ──▶ speak()      hear() ──▶ recording, DTMF detector, level meter

/// One call at one telephone: what it says into the call, and what it makes of what it hears.
///
/// Exchange thread.
final class TelephoneCall {
  enum Decision {
    case answers
    case hangsUp
  }

  /// A call that nobody answers is given up after this, ms.
  static let longestRinging = 180_000

  /// The loop may be open this long before the recording is closed, ms; a hook flash of less leaves it as it is.
  static let recordingCloseDelay = 400

  unowned let telephone: Telephone
  private(set) var state: TelephoneCallState
  private var speechPosition = 0
  private var tone: ToneGenerator?
  private var keys: DTMFGenerator?
  private var keysAt: Int?
  private var detector: DTMFDetector?
  private var meter = LevelMeter()
  private var peak = Level.silence
  private var recording: Recording?
  private var lastHeard = AudioFrame()
  private var suspendedAt: Int?

  init(telephone: Telephone, id: Int, line: LineID, direction: TelephoneCallState.Direction, now: Int) {
    self.telephone = telephone
    state = TelephoneCallState(
      id: id, line: line, direction: direction, phase: .ringing, beganAt: now, heardDigits: "", keyedDigits: "",
      levelDBm0: Double(Level.silence), peakDBm0: Double(Level.silence))
  }

  // MARK: Events

  /// Looks at the clock; each step.
  func advance(now: Int) -> Decision? {
    let settings = telephone.settings
    switch state.phase {
    case .ringing:
      if now - state.beganAt >= Self.longestRinging { return .hangsUp }
      guard state.direction == .received, settings.state == .normal, suspendedAt == nil else { return nil }
      return now - state.beganAt >= settings.answersAfterMilliseconds ?? 2_000 ? .answers : nil
    case .talking:
      closeLateRecording(now: now)
      guard let answeredAt = state.answeredAt else { return nil }
      if let at = keysAt, now >= at, let digits = settings.keys {
        keysAt = nil
        key(digits)
      }
      if let after = settings.hangsUpAfterMilliseconds, now - answeredAt >= after { return .hangsUp }
      return nil
    case .ended:
      return nil
    }
  }

  func answered(now: Int, names: RecordingNames) {
    state.phase = .talking
    state.answeredAt = now
    detector = DTMFDetector()
    keysAt = telephone.settings.keys == nil ? nil : now + telephone.settings.keysAfterMilliseconds
    if case .tone(let frequency) = telephone.settings.says {
      let segment = ToneSegment(components: [ToneComponent(frequency)], milliseconds: nil)
      var generator = ToneGenerator(tones: [ProgressTone(.dialTone, ToneCadence([segment]))], level: -10)
      generator.start(index: 0)
      tone = consume generator
    }
    if let path = telephone.settings.records {
      do throws(AudioFileError) {
        recording = try Recording(path: path, names: names)
        state.recording = recording?.path
      } catch {
        state.recordingError = error.description
      }
    }
    telephone.hasChanged = true
  }

  func ended(by end: TelephoneCallState.End, now: Int) {
    guard state.phase != .ended else { return }
    closeRecording()
    state.phase = .ended
    state.endedAt = now
    state.end = end
    telephone.remove(self)
  }

  /// The line's loop is open: nothing is heard from it.
  func suspend(now: Int) {
    suspendedAt = now
  }

  func resume() {
    suspendedAt = nil
  }

  var isSuspended: Bool { suspendedAt != nil }

  func key(_ digits: String) {
    guard state.phase == .talking else { return }
    if keys == nil { keys = DTMFGenerator(capacity: 64) }
    for character in digits {
      guard let digit = DTMFDigit(character), keys?.enqueue(digit) == true else { continue }
      state.keyedDigits.append(digit.character)
    }
    telephone.hasChanged = true
  }

  // MARK: Audio

  /// The next 10 ms into the call.
  func speak() -> AudioFrame {
    var frame = AudioFrame()
    guard state.phase == .talking else { return frame }
    switch telephone.speech.kind {
    case .silence: break
    case .echo: frame = lastHeard
    case .tone: tone?.render(into: &frame)
    case .samples: speechPosition = telephone.speech.copy(from: speechPosition, into: &frame)
    }
    _ = keys?.render(into: &frame)
    return frame
  }

  /// The next 10 ms out of the call.
  func hear(_ frame: AudioFrame) {
    guard state.phase == .talking else { return }
    lastHeard = frame
    recording?.append(frame)
    meter.process(frame)
    peak = max(peak, Level.dbm0(meanSquare: Level.meanSquare(frame)))
    detector?.process(frame)
    while let event = detector?.nextEvent() {
      guard case .began(let digit, _) = event else { continue }
      state.heardDigits.append(digit.character)
      telephone.hasChanged = true
    }
  }

  /// Brings the readings of the meters into the state.
  func readMeters() {
    guard state.phase == .talking else { return }
    state.levelDBm0 = Double(meter.reading.level)
    state.peakDBm0 = Double(peak)
    if let error = recording?.error { state.recordingError = error.description }
  }

  private func closeLateRecording(now: Int) {
    guard let suspendedAt, now - suspendedAt >= Self.recordingCloseDelay else { return }
    closeRecording()
  }

  private func closeRecording() {
    readMeters()
    recording?.close()
    recording = nil
  }
}
