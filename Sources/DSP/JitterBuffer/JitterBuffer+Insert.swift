package import RealTime

extension JitterBuffer {
  /// Takes one packet.
  ///
  /// `marker` confirms a jump of the time stamps at once; without it the next packet has to agree.
  @_noLocks
  @discardableResult
  package mutating func insert(
    payload: UnsafeRawBufferPointer, as kind: JitterBufferPayload, sequence: Int64, timestamp: Int64, marker: Bool, arrival: MediaTime
  ) -> JitterBufferInsertion {
    guard payload.count <= 800, payload.count > 0 || kind == .event else {
      counts.unusable = counts.unusable &+ 1
      return .unusable
    }
    guard ledger.enter(sequence) == .first else { return .duplicate }
    if case .event = kind {
      // Its time stamp is that of the press; silence begins where the audio ended.
      if audioEnd != .min, !quiet.contains(audioEnd) { quiet.begin(at: audioEnd, meanSquare: 0) }
      return .accepted
    }
    let delay = arrival.nanoseconds &- timestamp &* 125_000
    var verdict = JitterBufferInsertion.accepted
    if isFarFromStream(delay: delay, timestamp: timestamp, sequence: sequence) {
      guard marker || isConfirmed(delay) else {
        suspectDelay = delay
        counts.unusable = counts.unusable &+ 1
        return .suspect
      }
      clearPlayout()
      counts.restarts = counts.restarts &+ 1
      verdict = .restarted
    }
    suspectDelay = nil
    tracker.add(delay)
    newestTimestamp = timestamp
    guard case .g711(let law) = kind else {
      if position == nil, startTime == nil { prepareStart(timestamp, arrival: arrival) }
      // RFC 3389, 3.1: the level in -dBov; 0 dBov is 6.18 dBm0 for a square wave, a sine of full scale being 3.17.
      let level = Float(payload[0] & 0x7F)
      quiet.begin(at: timestamp, meanSquare: Level.meanSquare(dbm0: 6.18 - level))
      return verdict
    }
    let isLate = place(payload, law: law, timestamp: timestamp, arrival: arrival)
    return isLate ? .late : verdict
  }

  /// Whether the time stamps have nothing to do with those before: far ahead of the clock, or back while the sequence went on.
  @_noLocks
  private borrowing func isFarFromStream(delay: Int64, timestamp: Int64, sequence: Int64) -> Bool {
    guard tracker.count > 0 else { return false }
    if delay < tracker.summary.minimum &- 700_000_000 { return true }
    return audioEnd != .min && timestamp < audioEnd &- 16_000 && sequence == ledger.highest
  }

  @_noLocks
  private borrowing func isConfirmed(_ delay: Int64) -> Bool {
    guard let before = suspectDelay else { return false }
    let difference = delay &- before
    return difference < 200_000_000 && difference > -200_000_000
  }

  /// Playout begins with this packet, a little after it came.
  @_noLocks
  private mutating func prepareStart(_ timestamp: Int64, arrival: MediaTime) {
    firstTimestamp = timestamp
    startTime = arrival + configuration.initialDelay
  }

  /// Puts audio on the timeline; true when all of it came too late.
  @_noLocks
  private mutating func place(_ payload: UnsafeRawBufferPointer, law: G711Law, timestamp: Int64, arrival: MediaTime) -> Bool {
    let end = timestamp &+ Int64(payload.count)
    guard let playing = position else {
      if startTime == nil { prepareStart(timestamp, arrival: arrival) }
      guard moveStart(to: timestamp, end: end) else { return true }
      decode(payload, law: law, timestamp: timestamp, from: firstTimestamp)
      noteAudio(timestamp, end: end)
      return false
    }
    var start = playing
    if timestamp < playing, mayRewind(to: timestamp, from: playing) {
      rewind(to: timestamp, from: playing)
      start = timestamp
    } else if end <= playing {
      counts.late = counts.late &+ 1
      return true
    }
    if end &- start > Self.maximumAhead { start = skip(from: start, end: end) }
    guard end > start else { return true }
    decode(payload, law: law, timestamp: timestamp, from: start)
    noteAudio(timestamp, end: end)
    return false
  }

  /// Before playout begins: an earlier packet moves the start back, a full buffer moves it on.
  ///
  /// False when all of the packet lies before the start.
  @_noLocks
  private mutating func moveStart(to timestamp: Int64, end: Int64) -> Bool {
    let newest = end > audioEnd ? end : audioEnd
    let earliest = newest &- Self.maximumAhead
    var first = timestamp < firstTimestamp && timestamp > firstTimestamp &- 1_600 ? timestamp : firstTimestamp
    if first < earliest { first = earliest }
    if first > firstTimestamp {
      let left = first &- firstTimestamp
      timeline.erase(from: firstTimestamp, count: Int(left > 8_192 ? 8_192 : left))
    }
    firstTimestamp = first
    return end > first
  }

  @_noLocks
  private mutating func noteAudio(_ timestamp: Int64, end: Int64) {
    quiet.audio(at: timestamp)
    if end > audioEnd { audioEnd = end }
  }

  /// A late packet is still played whole, and the depth grows by its lateness, when what was heard since is made up, nothing
  /// follows yet, and the depth is wanted or the gap was 60 ms long.
  @_noLocks
  private borrowing func mayRewind(to timestamp: Int64, from playing: Int64) -> Bool {
    guard !isFrozen, audioEnd <= playing else { return false }
    let since = playing &- timestamp
    if concealer.isActive {
      guard concealer.gapStart <= timestamp else { return false }
      if playing &- concealer.gapStart >= 480 { return true }
    } else if !quiet.contains(playing &- 1) {
      return false
    }
    let situation = situation(at: timestamp, isPause: true)
    return since <= 480 && situation.offset <= policy.target(situation, phase: 0) &+ 5_000_000
  }

  @_noLocks
  private mutating func rewind(to timestamp: Int64, from playing: Int64) {
    let distance = playing &- timestamp
    if distance > 1_024 {
      timeline.clear()
      concealer.stop()
    } else {
      timeline.erase(from: timestamp, count: Int(distance))
      concealer.rewind(by: distance)
    }
    counts.insertedSamples = counts.insertedSamples &+ distance
    position = timestamp
    pullsSinceMove = 0
  }

  /// Too much waits: goes to the target, and at least as far as the bound asks.
  ///
  /// The new position.
  @_noLocks
  private mutating func skip(from start: Int64, end: Int64) -> Int64 {
    let situation = situation(at: start, isPause: true)
    let excess = (situation.offset &- policy.target(situation, phase: 0)) / 125_000
    let least = end &- start &- Self.maximumAhead
    let wanted = end &- start &- 160
    var samples = excess < least ? least : excess
    if samples > wanted { samples = wanted < least ? least : wanted }
    let next = start &+ samples
    timeline.erase(from: start &- 2_048, count: Int(samples > 8_192 ? 8_192 : samples))
    concealer.stop()
    counts.removedSamples = counts.removedSamples &+ samples
    position = next
    pullsSinceMove = 0
    return next
  }
}
