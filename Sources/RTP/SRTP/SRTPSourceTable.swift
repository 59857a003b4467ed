/// The sources that have sent authentic packets under one key: the last few in full, some more by name.
///
/// A source that fell out stays known, and is refused: its packets could be played again.
struct SRTPSourceTable: BitwiseCopyable {
  static var liveCapacity: Int {
    @_noLocks get { 4 }
  }
  static var retiredCapacity: Int {
    @_noLocks get { 60 }
  }

  private struct Entry: BitwiseCopyable {
    var source: UInt32 = 0
    var window = ReplayWindow(first: 0)
  }

  /// The most recently added first.
  private var live = InlineArray<4, Entry>(repeating: Entry())
  private var liveCount = 0
  private var retired = InlineArray<60, UInt32>(repeating: 0)
  private var retiredCount = 0

  @_noLocks
  init() {}

  @_noLocks
  mutating func removeAll() {
    liveCount = 0
    retiredCount = 0
  }

  /// nil: not seen before, or retired.
  @_noLocks
  func window(of source: UInt32) -> ReplayWindow? {
    var index = 0
    while index < liveCount {
      if live[index].source == source { return live[index].window }
      index &+= 1
    }
    return nil
  }

  /// Whether a source that is not live may become so.
  @_noLocks
  func admits(_ source: UInt32) -> Bool {
    var index = 0
    while index < retiredCount {
      if retired[index] == source { return false }
      index &+= 1
    }
    return liveCount < Self.liveCapacity || retiredCount < Self.retiredCapacity
  }

  /// Notes an authentic packet of a source that is live or was admitted.
  @_noLocks
  mutating func record(_ packet: UInt64, of source: UInt32) {
    var index = 0
    while index < liveCount {
      if live[index].source == source {
        live[index].window.record(packet)
        return
      }
      index &+= 1
    }
    if liveCount == Self.liveCapacity {
      guard retiredCount < Self.retiredCapacity else { return }
      liveCount &-= 1
      retired[retiredCount] = live[liveCount].source
      retiredCount &+= 1
    }
    index = liveCount
    while index > 0 {
      live[index] = live[index &- 1]
      index &-= 1
    }
    live[0] = Entry(source: source, window: ReplayWindow(first: packet))
    liveCount &+= 1
  }
}
