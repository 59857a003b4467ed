/// Tells whether a gap between two bursts was as quiet as an exchange's is, or speech and music with a tone-like sound in it.
struct GapMeter: BitwiseCopyable {
  /// Whether each of the last 64 blocks was loud; the latest is bit 0.
  private var recent: UInt64 = 0
  /// Loud blocks of this gap that are older.
  private var older = 0
  private var meanSquares = (latest: Float.infinity, before: Float.infinity)

  @_noLocks
  mutating func begin(after burst: ToneBurst) {
    older = 0
    meanSquares.before = meanSquares.latest
    meanSquares.latest = burst.meanSquare
  }

  /// To be told of every block.
  @_noLocks
  mutating func add(blockEnergy: Float, gapBegan: Int64, now: Int64) {
    if recent & (1 &<< 63) != 0, gapBegan >= 0, now &- 65 &* 80 > gapBegan { older &+= 1 }
    // A third of the louder of the last two bursts, since every other one may be 10 dB weaker.
    let before = meanSquares.before < .infinity ? meanSquares.before : 0
    let isLoud = blockEnergy > 80 * 0.35 * max(meanSquares.latest, before)
    recent = recent &<< 1 | (isLoud ? 1 : 0)
  }

  /// Whether at most a quarter of the blocks that lie wholly within the gap was loud.
  @_noLocks
  func isQuiet(from start: Int64, to end: Int64, now: Int64) -> Bool {
    var loud = older
    let length = Int((end &- start) / 80)
    var age = Int((now &- end &+ 79) / 80) &+ 1
    let last = min(63, Int((now &- start) / 80) &- 2)
    while age <= last {
      if recent >> UInt64(age) & 1 != 0 { loud &+= 1 }
      age &+= 1
    }
    return loud &* 4 <= length
  }
}
