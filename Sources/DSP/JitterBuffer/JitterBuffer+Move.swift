import RealTime

/// Moves of the depth. Each renders one frame and gives the position after it.
extension JitterBuffer {
  /// Leaves out `samples` of a pause.
  @_noLocks
  mutating func shorten(_ frame: inout AudioFrame, from start: Int64, by samples: Int) -> Int64 {
    if timeline.missingRun(from: start, limit: 80 &+ samples) == 80 &+ samples {
      // Nothing is here that could be left out by hearing; the noise simply stands for more time.
      render(&frame, from: start)
      for index in 0..<samples { timeline.put(0, at: start &+ 80 &+ Int64(index)) }
      moved(removed: samples)
      concealer.forward(by: Int64(samples))
      return start &+ 80 &+ Int64(samples)
    }
    guard isBackground(from: start, count: 80), timeline.presentRun(from: start, limit: 80 &+ samples) == 80 &+ samples,
      isBackground(from: start &+ Int64(samples), count: 80)
    else {
      render(&frame, from: start)
      return start &+ 80
    }
    crossFade(&frame, from: start, to: start &+ Int64(samples))
    moved(removed: samples)
    return start &+ 80 &+ Int64(samples)
  }

  /// Holds a pause for `samples` more.
  @_noLocks
  mutating func lengthen(_ frame: inout AudioFrame, from start: Int64, by samples: Int) -> Int64 {
    let isFull = audioEnd &- start > Self.maximumAhead
    if !isFull, !concealer.isActive, timeline.presentRun(from: start, limit: 80) == 80 {
      crossFade(&frame, from: start, to: start &- Int64(samples))
      moved(inserted: samples)
      return start &+ 80 &- Int64(samples)
    }
    render(&frame, from: start)
    guard !isFull, quiet.contains(start), timeline.missingRun(from: start &+ 80, limit: 80) == 80 else { return start &+ 80 }
    // The frame is heard, and its last samples are made once more.
    timeline.erase(from: start &+ 80 &- Int64(samples), count: samples)
    moved(inserted: samples)
    return start &+ 80 &- Int64(samples)
  }

  /// Leaves out one pitch period, where the signal repeats itself well enough.
  @_noLocks
  mutating func dropPeriod(_ frame: inout AudioFrame, from start: Int64) -> Int64 {
    guard !concealer.isActive, timeline.presentRun(from: start, limit: 240) == 240,
      let period = repetition(from: start, direction: 1)
    else {
      render(&frame, from: start)
      return start &+ 80
    }
    crossFade(&frame, from: start, to: start &+ Int64(period))
    moved(removed: period)
    return start &+ 80 &+ Int64(period)
  }

  /// Repeats one pitch period, where the signal repeats itself well enough.
  @_noLocks
  mutating func repeatPeriod(_ frame: inout AudioFrame, from start: Int64) -> Int64 {
    guard !concealer.isActive, audioEnd &- start <= Self.maximumAhead, timeline.presentRun(from: start, limit: 80) == 80,
      let period = repetition(from: start, direction: -1)
    else {
      render(&frame, from: start)
      return start &+ 80
    }
    crossFade(&frame, from: start, to: start &- Int64(period))
    moved(inserted: period)
    return start &+ 80 &- Int64(period)
  }

  @_noLocks
  private mutating func moved(removed: Int = 0, inserted: Int = 0) {
    counts.removedSamples = counts.removedSamples &+ Int64(removed)
    counts.insertedSamples = counts.insertedSamples &+ Int64(inserted)
    pullsSinceMove = 0
  }

  /// The shift, 20–160 samples, at which the 80 samples from `start` are most alike; nil below a correlation of 0.8.
  @_noLocks
  private borrowing func repetition(from start: Int64, direction: Int64) -> Int? {
    var best: Float = 0.8
    var bestLag: Int?
    for lag in 20...160 {
      var product: Float = 0
      var left: Float = 1
      var right: Float = 1
      for index in 0..<80 {
        let here = Float(timeline.sample(at: start &+ Int64(index)))
        let there = Float(timeline.sample(at: start &+ Int64(index) &+ direction &* Int64(lag)))
        product += here * there
        left += here * here
        right += there * there
      }
      let value = product / RealTimeMath.squareRoot(left * right)
      if value > best {
        best = value
        bestLag = lag
      }
    }
    return bestLag
  }

  /// One frame that begins as the samples at `start` and ends as those at `other`, at constant power.
  @_noLocks
  private mutating func crossFade(_ frame: inout AudioFrame, from start: Int64, to other: Int64) {
    var product: Float = 0
    var left: Float = 1
    var right: Float = 1
    for index in 0..<80 {
      let here = Float(timeline.sample(at: start &+ Int64(index)))
      let there = Float(timeline.sample(at: other &+ Int64(index)))
      product += here * there
      left += here * here
      right += there * there
    }
    let raw = product / RealTimeMath.squareRoot(left * right)
    let correlation: Float = raw < 0 ? 0 : raw
    for index in 0..<80 {
      let weight = (Float(index) + 0.5) / 80
      let rest = 1 - weight
      let here = Float(timeline.sample(at: start &+ Int64(index)))
      let there = Float(timeline.sample(at: other &+ Int64(index)))
      let power = weight * weight + rest * rest + 2 * weight * rest * correlation
      frame[index] = RealTimeMath.sample((rest * here + weight * there) / RealTimeMath.squareRoot(power))
    }
  }
}
