//  A key pressed once at the peer may come as an event, as INFO and as a tone, in any order; it goes on once:
//
//    event ─┐                    the oldest press of that digit that this source has not told yet: again
//    INFO  ─┼─▶ began(digit) ─▶  none: a press, which this source owns ──▶ the line
//    tone  ─┘                    a tone that the line itself sent that way: echo
//
//    line  ───▶ began(digit) ─▶  a tone of ours that sounds there, or did a moment ago: echo; else a press ──▶ the peer

package import RealTime

/// Decides which of a call's digits are presses, and which have been passed on already: one digit out for each press.
///
/// A value without clock; every input says when it is. Each source tells its presses in order, some of them perhaps never.
package struct DigitArbiter: BitwiseCopyable, Sendable {
  /// Where a digit was heard.
  package enum Source: UInt8, Sendable, BitwiseCopyable, CaseIterable {
    /// A telephone event of RFC 4733.
    case event
    /// SIP INFO.
    case info
    /// In the peer's audio.
    case tone
    /// In the line's audio.
    case line
  }

  package enum Verdict: Sendable, BitwiseCopyable {
    /// It has not been told before: pass it on.
    case press
    /// Another source has told it.
    case again
    /// It is our own tone, come back.
    case echo
  }

  private struct Press: BitwiseCopyable, Sendable {
    /// ASCII; 0: none.
    var digit: UInt8 = 0
    /// Bits of those who have told it.
    var sources: UInt8 = 0
    var owner = Source.event
    var number: Int64 = 0
    /// When it was last told to go on or to end.
    var last = MediaTime.zero
    var isDown = false
  }

  /// An event and a tone of one press are at most a jitter buffer apart.
  package static var audioWindow: MediaTime { @_noLocks get { .milliseconds(1_000) } }
  /// An INFO may have been sent again three times (RFC 3261, timer E), and comes after the key was let go.
  package static var infoWindow: MediaTime { @_noLocks get { .milliseconds(4_000) } }
  /// How long a tone of ours may come back from a line.
  package static var lineEchoWindow: MediaTime { @_noLocks get { .milliseconds(350) } }
  /// How long a tone that was passed to the peer may come back from there.
  package static var peerEchoWindow: MediaTime { @_noLocks get { .milliseconds(800) } }

  private static var capacity: Int64 { @_noLocks get { 16 } }

  private var presses = InlineArray<16, Press>(repeating: Press())
  private var count: Int64 = 0
  /// The press that each source has told last; -1: none.
  private var last = InlineArray<4, Int64>(repeating: -1)
  /// The digit that sounds into the line, or did last; 0: none yet.
  private var sounded: UInt8 = 0
  private var soundedAt = MediaTime.zero
  /// The same toward the peer.
  private var heardOnLine: UInt8 = 0
  private var heardOnLineAt = MediaTime.zero
  private var isDownOnLine = false
  private var lastSignal: MediaTime?
  /// Digits that had been told already, and echoes.
  package private(set) var repeated: Int64 = 0
  package private(set) var echoes: Int64 = 0

  @_noLocks
  package init() {}

  /// A digit (ASCII) has begun; an INFO begins and ends at once.
  @_noLocks
  package mutating func began(_ digit: UInt8, by source: Source, at now: MediaTime) -> Verdict {
    switch source {
    case .line: return beganOnLine(digit, now)
    case .tone:
      if digit == heardOnLine, isDownOnLine || now - heardOnLineAt <= Self.peerEchoWindow {
        echoes &+= 1
        return .echo
      }
    case .event, .info: lastSignal = now
    }
    // Not only after the source's own last: one that missed a press and tells it late would double those between.
    var number = max(count &- Self.capacity, 0)
    while number < count {
      let slot = Int(number & 15)
      if presses[slot].digit == digit, presses[slot].sources & Self.bit(source) == 0, isNear(presses[slot], source, now) {
        presses[slot].sources |= Self.bit(source)
        last[Int(source.rawValue)] = number
        repeated &+= 1
        return .again
      }
      number &+= 1
    }
    presses[Int(count & 15)] = Press(
      digit: digit, sources: Self.bit(source), owner: source, number: count, last: now, isDown: source != .info)
    last[Int(source.rawValue)] = count
    count &+= 1
    return .press
  }

  /// A digit that this source has told is over; whether it was the one who told it first, so that its end is the press's end.
  @_noLocks
  package mutating func ended(_ digit: UInt8, by source: Source, at now: MediaTime) -> Bool {
    if case .line = source {
      guard isDownOnLine, heardOnLine == digit else { return false }
      isDownOnLine = false
      heardOnLineAt = now
      return true
    }
    if source == .event { lastSignal = now }
    let number = last[Int(source.rawValue)]
    guard number >= 0, number >= count &- Self.capacity else { return false }
    let slot = Int(number & 15)
    guard presses[slot].digit == digit, presses[slot].sources & Self.bit(source) != 0 else { return false }
    presses[slot].last = now
    guard presses[slot].owner == source, presses[slot].isDown else { return false }
    presses[slot].isDown = false
    return true
  }

  /// Our tone of this digit (ASCII) sounds into the line now.
  @_noLocks
  package mutating func sounds(_ digit: UInt8, at now: MediaTime) {
    sounded = digit
    soundedAt = now
  }

  /// Whether a press was told by signalling so lately that its tone may still come in the peer's audio.
  @_noLocks
  package func mayHearAgain(at now: MediaTime) -> Bool {
    guard let lastSignal else { return false }
    return now - lastSignal <= Self.audioWindow
  }

  @_noLocks
  private mutating func beganOnLine(_ digit: UInt8, _ now: MediaTime) -> Verdict {
    if digit == sounded, now - soundedAt <= Self.lineEchoWindow {
      echoes &+= 1
      return .echo
    }
    heardOnLine = digit
    heardOnLineAt = now
    isDownOnLine = true
    return .press
  }

  /// Whether what this source tells now can be that press.
  @_noLocks
  private func isNear(_ press: Press, _ source: Source, _ now: MediaTime) -> Bool {
    if press.isDown { return true }
    let concernsInfo = (press.sources | Self.bit(source)) & Self.bit(.info) != 0
    return now - press.last <= (concernsInfo ? Self.infoWindow : Self.audioWindow)
  }

  @_noLocks
  private static func bit(_ source: Source) -> UInt8 { 1 << source.rawValue }
}
