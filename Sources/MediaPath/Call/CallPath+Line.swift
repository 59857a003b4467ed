import DSP
import RTP
import RealTime
import TelephonyHAL

// The line's side: one frame captured, one frame played.
extension CallPath {
  /// Frames of a tone of ours during which, and after which, the line's echo of it is not taken for a key press: 350 ms.
  private static var echoFrames: Int32 {
    @_noLocks get { 35 }
  }

  /// Runs the path as often as the line has captured 10 ms; as much is played as was captured.
  @_noLocks
  mutating func runLine(_ line: LineAttachment.Reference, now: MediaTime) {
    var runs = 0
    // More than this in one tick is a backlog after a stall; the rest waits for the next tick.
    while runs < 6 {
      guard let heard = line.audio._withUnsafeGuaranteedRef({ $0.nextCaptured() }) else { break }
      listen(line, to: heard)
      let played = runFrame(captured: heard.captured, now: now)
      line.audio._withUnsafeGuaranteedRef { _ = $0.play(played) }
      runs &+= 1
    }
    let waiting = line.audio._withUnsafeGuaranteedRef { $0.capturedCount }
    counts.lineDelayMilliseconds = Float(waiting &+ 1) * 10
  }

  /// Detectors hear the line as it is, before any gain of ours.
  @_noLocks
  private mutating func listen(_ line: LineAttachment.Reference, to heard: CapturedFrame) {
    line.listener.pointee.process(heard.captured)
    while let heard = line.listener.pointee.nextEvent() {
      switch heard {
      case .pressed(let digit): pressed(digit, on: line)
      case .released(let digit, let milliseconds): released(digit, milliseconds: milliseconds)
      case .tone(let tone): emit(.tone(tone))
      case .toneEnded(let kind): emit(.toneEnded(kind))
      case .speech: emit(.speech)
      }
    }
  }

  /// A key at the telephone.
  ///
  /// What we send into the line ourselves comes back as echo: the same digit then is no press.
  @_noLocks
  private mutating func pressed(_ digit: UInt8, on line: LineAttachment.Reference) {
    if digits.lastDigit == digit, digits.framesSinceTone <= Self.echoFrames { return }
    pressedOnLine = digit
    if bridge == .listen || bridge == .both {
      sender.hold(digit)
      if sender.takesEvents { sender.discardAssembly() }
    }
    emit(.digit(digit, from: .line, phase: .begun, milliseconds: 0))
  }

  @_noLocks
  private mutating func released(_ digit: UInt8, milliseconds: Int) {
    guard pressedOnLine == digit else { return }
    pressedOnLine = 0
    sender.release()
    emit(.digit(digit, from: .line, phase: .ended, milliseconds: milliseconds))
  }

  /// One frame each way; what the line is to hear.
  @_noLocks
  mutating func runFrame(captured: borrowing AudioFrame, now: MediaTime) -> AudioFrame {
    counts.frames &+= 1
    inMeter.process(captured)
    sendTowardPacket(captured)
    var frame = AudioFrame()
    jitterBuffer.pull(into: &frame, now: now)
    fillTowardLine(&frame)
    lineClip.mix(into: &frame)
    gainTowardLine.apply(to: &frame)
    soundDigits(&frame)
    outMeter.process(frame)
    if counts.frames % 10 == 0 { publishStatistics() }
    return frame
  }

  @_noLocks
  private mutating func sendTowardPacket(_ captured: borrowing AudioFrame) {
    var frame = AudioFrame()
    let hearsLine = bridge == .listen || bridge == .both
    if hearsLine {
      frame = copy captured
      gainTowardPacket.apply(to: &frame)
    }
    let isPlaying = packetClip.isPlaying
    packetClip.mix(into: &frame)
    var destination: MediaAddress?
    if hearsLine || isPlaying, description?.direction.sends == true { destination = latch.destination }
    sender.send(frame, to: destination, outbox: &outbox)
  }

  /// Replaces the peer's audio where the bridge does not let it through.
  @_noLocks
  private mutating func fillTowardLine(_ frame: inout AudioFrame) {
    switch bridge {
    case .both: break
    case .closed, .listen: frame = AudioFrame()
    case .held:
      frame = AudioFrame()
      if holdPlayer.isPlaying { holdPlayer.mix(into: &frame) } else { comfortNoise.fill(&frame) }
    }
  }

  @_noLocks
  private mutating func soundDigits(_ frame: inout AudioFrame) {
    switch digits.nextFrame() {
    case .audio:
      if !digitTone.isIdle { _ = digitTone.render(into: &frame) }
    case .silence:
      frame = AudioFrame()
      digitTone.release()
      _ = digitTone.render(into: &frame)
    case .tone(let ascii, let starts):
      if starts, let digit = DTMFDigit(ascii: ascii) { _ = digitTone.enqueue(digit, milliseconds: .max) }
      frame = AudioFrame()
      _ = digitTone.render(into: &frame)
    }
    var completed = digits.takeCompletedDials()
    while completed > 0 {
      emit(.dialled)
      completed &-= 1
    }
  }

  /// What has been counted and measured so far.
  package var statistics: PathStatistics {
    @_noLocks get {
      var all = counts
      all.packetsSent = Int64(sender.packets)
      all.packetsLost = lostBefore &+ (reception.lost > 0 ? reception.lost : 0)
      all.packetsFromStrangers = counts.packetsFromStrangers &+ Int64(truncatingIfNeeded: latch.strangers)
      all.reportsSent = reporter.sent
      all.reportsReceived = reporter.received
      all.digitsDropped = Int64(truncatingIfNeeded: digits.dropped)
      all.jitterMilliseconds = Float(reception.jitterMicroseconds) / 1_000
      if let roundTrip = reporter.roundTrip { all.roundTripMilliseconds = Float(roundTrip.nanoseconds) / 1_000_000 }
      all.remoteLossFraction = reporter.remoteLossFraction ?? -1
      let heard = inMeter.reading
      all.levelInDBm0 = heard.level
      all.noiseInDBm0 = heard.noiseFloor
      all.levelOutDBm0 = outMeter.reading.level
      let playout = jitterBuffer.statistics
      all.packetsLate = playout.late
      all.packetsDuplicated = playout.duplicate
      all.concealedMilliseconds = playout.concealedMilliseconds
      all.bufferDelayMilliseconds = Float(playout.delayMicroseconds) / 1_000
      return all
    }
  }
}
