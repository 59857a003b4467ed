import RealTime

/// Moves of the depth. Each renders one frame and gives the position after it.
extension JitterBuffer {
  /// Leaves out `samples` of a pause.
  @_noLocks
  mutating func shorten(_ frame: inout PlayoutFrame, from start: Int64, by samples: Int) -> Int64 {
    let count = frame.count
    let end = start &+ Int64(count)
    if timeline.missingRun(from: start, limit: count &+ samples) == count &+ samples {
      // Nothing is here that could be left out by hearing; the noise simply stands for more time.
      render(&frame, from: start)
      for index in 0..<samples { timeline.put(0, at: end &+ Int64(index)) }
      moved(removed: samples)
      concealer.forward(by: Int64(samples))
      return end &+ Int64(samples)
    }
    guard isBackground(from: start, count: count), timeline.presentRun(from: start, limit: count &+ samples) == count &+ samples,
      isBackground(from: start &+ Int64(samples), count: count)
    else {
      render(&frame, from: start)
      return end
    }
    crossFade(&frame, from: start, to: start &+ Int64(samples))
    moved(removed: samples)
    return end &+ Int64(samples)
  }

  /// Holds a pause for `samples` more.
  @_noLocks
  mutating func lengthen(_ frame: inout PlayoutFrame, from start: Int64, by samples: Int) -> Int64 {
    let count = frame.count
    let end = start &+ Int64(count)
    let isFull = audioEnd &- start > Self.maximumAhead &- 160
    if !isFull, !concealer.isActive, timeline.presentRun(from: start, limit: count) == count {
      crossFade(&frame, from: start, to: start &- Int64(samples))
      moved(inserted: samples)
      return end &- Int64(samples)
    }
    render(&frame, from: start)
    guard !isFull, quiet.contains(start), timeline.missingRun(from: end, limit: count) == count else { return end }
    // The frame is heard, and its last samples are made once more.
    timeline.erase(from: end &- Int64(samples), count: samples)
    moved(inserted: samples)
    return end &- Int64(samples)
  }

  /// Leaves out one pitch period, where the signal repeats itself well enough.
  @_noLocks
  mutating func dropPeriod(_ frame: inout PlayoutFrame, from start: Int64) -> Int64 {
    let count = frame.count
    let end = start &+ Int64(count)
    guard !concealer.isActive, timeline.presentRun(from: start, limit: 160 &+ count) == 160 &+ count,
      let period = repetition(from: start, direction: 1)
    else {
      render(&frame, from: start)
      return end
    }
    crossFade(&frame, from: start, to: start &+ Int64(period))
    moved(removed: period)
    return end &+ Int64(period)
  }

  /// Repeats one pitch period, where the signal repeats itself well enough.
  @_noLocks
  mutating func repeatPeriod(_ frame: inout PlayoutFrame, from start: Int64) -> Int64 {
    let count = frame.count
    let end = start &+ Int64(count)
    guard !concealer.isActive, audioEnd &- start <= Self.maximumAhead &- 160, timeline.presentRun(from: start, limit: count) == count,
      let period = repetition(from: start, direction: -1)
    else {
      render(&frame, from: start)
      return end
    }
    crossFade(&frame, from: start, to: start &- Int64(period))
    moved(inserted: period)
    return end &- Int64(period)
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
  private mutating func crossFade(_ frame: inout PlayoutFrame, from start: Int64, to other: Int64) {
    let count = frame.count
    var product: Float = 0
    var left: Float = 1
    var right: Float = 1
    for index in 0..<count {
      let here = Float(timeline.sample(at: start &+ Int64(index)))
      let there = Float(timeline.sample(at: other &+ Int64(index)))
      product += here * there
      left += here * here
      right += there * there
    }
    let raw = product / RealTimeMath.squareRoot(left * right)
    let correlation: Float = raw < 0 ? 0 : raw
    for index in 0..<count {
      let weight = (Float(index) + 0.5) / Float(count)
      let rest = 1 - weight
      let here = Float(timeline.sample(at: start &+ Int64(index)))
      let there = Float(timeline.sample(at: other &+ Int64(index)))
      let power = weight * weight + rest * rest + 2 * weight * rest * correlation
      frame[index] = RealTimeMath.sample((rest * here + weight * there) / RealTimeMath.squareRoot(power))
    }
  }
}
