package import RealTime

/// A press as it is heard.
package enum TelephoneEventChange: BitwiseCopyable, Sendable, Equatable {
  /// Once for each press.
  case pressed(event: UInt8)
  /// Once for each press; `duration` in time stamp units, `isComplete` false when its end never came.
  case released(event: UInt8, duration: Int64, isComplete: Bool)
}

/// What one packet changed: at most the end of the press before and the begin or end of this one.
package struct TelephoneEventChanges: BitwiseCopyable, Sendable, Equatable {
  package var first: TelephoneEventChange?
  package var second: TelephoneEventChange?
  package var third: TelephoneEventChange?

  package init() {}

  @_noLocks
  fileprivate mutating func append(_ change: TelephoneEventChange) {
    if first == nil { first = change } else if second == nil { second = change } else { third = change }
  }
}

/// Hears each press exactly once from telephone event packets (RFC 4733, 2.5.2), whatever was lost, doubled or reordered.
///
/// ```
///             time stamp not heard yet                      end bit, or silence of 200 ms, or a newer press
///  (nothing) ─────────────────────────▶ pressed(time stamp) ─────────────────────────────────────────────▶ over(time stamp)
///                                         ▲     │ the same press's next segment (time stamp + 0xFFFF)             │
///                                         └─────┘                          packets of it still to come: ignored ◀─┘
/// ```
///
/// The key is the time stamp: a marker is not needed, ends may be missing or repeated. The caller unwraps time stamps.
package struct TelephoneEventReceiver: BitwiseCopyable, Sendable {
  private struct Press: BitwiseCopyable {
    var event: UInt8
    /// Of its newest segment.
    var timestamp: Int64
    /// Units in the segments before.
    var earlier: Int64
    /// Units in the newest segment, the most heard of.
    var duration: Int64
    var lastPacket: MediaTime
  }

  private enum State: BitwiseCopyable {
    case nothing
    case pressed(Press)
    case over(Press)
  }

  private var state: State = .nothing

  /// A press whose packets stop for this long is over.
  package static var timeout: MediaTime { @_noLocks get { .milliseconds(200) } }

  package init() {}

  /// Whether a press is going on.
  package var isPressed: Bool {
    @_noLocks get { if case .pressed = state { true } else { false } }
  }

  /// Takes one packet; `timestamp` unwrapped.
  @_noLocks
  package mutating func receive(_ payload: TelephoneEventPayload, timestamp: Int64, arrival: MediaTime) -> TelephoneEventChanges {
    var changes = TelephoneEventChanges()
    switch state {
    case .nothing:
      begin(payload, timestamp: timestamp, arrival: arrival, &changes)
    case .pressed(var press):
      if timestamp == press.timestamp, payload.event == press.event {
        if Int64(payload.duration) > press.duration { press.duration = Int64(payload.duration) }
        press.lastPacket = arrival
        state = .pressed(press)
        if payload.isEnd { end(press, isComplete: true, &changes) }
      } else if Self.continues(press, payload, timestamp) {
        press.earlier = press.earlier &+ (timestamp &- press.timestamp)
        press.timestamp = timestamp
        press.duration = Int64(payload.duration)
        press.lastPacket = arrival
        state = .pressed(press)
        if payload.isEnd { end(press, isComplete: true, &changes) }
      } else if Self.follows(press, timestamp, arrival) {
        end(press, isComplete: false, &changes)
        begin(payload, timestamp: timestamp, arrival: arrival, &changes)
      }
    case .over(var press):
      if Self.continues(press, payload, timestamp) {
        // A press already told as over goes on in a next segment: still the same press.
        press.timestamp = timestamp
        press.duration = Int64(payload.duration)
        press.lastPacket = arrival
        state = .over(press)
      } else if timestamp == press.timestamp, payload.event == press.event {
        if Int64(payload.duration) > press.duration { press.duration = Int64(payload.duration) }
        press.lastPacket = arrival
        state = .over(press)
      } else if Self.follows(press, timestamp, arrival) {
        begin(payload, timestamp: timestamp, arrival: arrival, &changes)
      }
    }
    return changes
  }

  /// Time passes: ends a press whose packets have stopped.
  @_noLocks
  package mutating func advance(to now: MediaTime) -> TelephoneEventChange? {
    guard case .pressed(let press) = state, now - press.lastPacket >= Self.timeout else { return nil }
    var changes = TelephoneEventChanges()
    end(press, isComplete: false, &changes)
    return changes.first
  }

  /// A new source: its time stamps have nothing to do with those before.
  ///
  /// Ends a press that goes on.
  @_noLocks
  package mutating func reset() -> TelephoneEventChange? {
    var changes = TelephoneEventChanges()
    if case .pressed(let press) = state { end(press, isComplete: false, &changes) }
    state = .nothing
    return changes.first
  }

  /// A long press's next segment begins where the one before ended, at 0xFFFF or a little before (2.5.1.3).
  @_noLocks
  private static func continues(_ press: Press, _ payload: TelephoneEventPayload, _ timestamp: Int64) -> Bool {
    let step = timestamp &- press.timestamp
    return payload.event == press.event && step <= 0xFFFF && step >= 0xFFFF - 960 && press.duration >= 0xFFFF - 9_600
  }

  /// Whether this is another press than that one, and not a packet of an older one.
  ///
  /// No packet is late by two seconds: then the sender's time stamps have gone back.
  @_noLocks
  private static func follows(_ press: Press, _ timestamp: Int64, _ arrival: MediaTime) -> Bool {
    timestamp > press.timestamp || arrival - press.lastPacket >= .milliseconds(2_000)
  }

  @_noLocks
  private mutating func begin(
    _ payload: TelephoneEventPayload, timestamp: Int64, arrival: MediaTime, _ changes: inout TelephoneEventChanges
  ) {
    let press = Press(
      event: payload.event, timestamp: timestamp, earlier: 0, duration: Int64(payload.duration), lastPacket: arrival)
    changes.append(.pressed(event: payload.event))
    state = .pressed(press)
    if payload.isEnd { end(press, isComplete: true, &changes) }
  }

  @_noLocks
  private mutating func end(_ press: Press, isComplete: Bool, _ changes: inout TelephoneEventChanges) {
    changes.append(.released(event: press.event, duration: press.earlier &+ press.duration, isComplete: isComplete))
    state = .over(press)
  }
}
