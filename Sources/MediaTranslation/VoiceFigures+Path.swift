package import CallControl
package import MediaPath

// Figures that are not a number are not known, and not shown.

extension VoiceFigures {
  package init(_ path: PathQuality) {
    self.init()
    lossFraction = known(path.lossFraction)
    discardFraction = known(path.discardFraction)
    burstDensity = known(path.burstDensity)
    gapDensity = known(path.gapDensity)
    burstMilliseconds = known(path.burstMilliseconds)
    gapMilliseconds = known(path.gapMilliseconds)
    endSystemDelayMilliseconds = known(path.endSystemDelayMilliseconds)
    signalDBm0 = known(path.signalDBm0)
    noiseDBm0 = known(path.noiseDBm0)
    residualEchoReturnLossDecibels = known(path.residualEchoReturnLossDB)
    rating = known(path.rating)
    listeningScore = known(path.mosListening)
    conversationalScore = known(path.mosConversational)
  }
}

extension MediaStatistics {
  /// What the line's side has measured.
  mutating func takeLine(_ path: PathStatistics) {
    levelInDBm0 = Double(path.levelInDBm0)
    levelOutDBm0 = Double(path.levelOutDBm0)
    noiseInDBm0 = Double(path.noiseInDBm0)
    lineDriftPartsPerMillion = known(path.lineDriftPPM)
    echoReturnLossDecibels = known(path.echoReturnLossDB)
    echoReturnLossEnhancementDecibels = known(path.erleDB)
    echoDelayMilliseconds = known(path.echoDelayMilliseconds)
  }

  /// What the packets' side has measured, both ways.
  mutating func takePackets(_ path: PathStatistics) {
    jitterMilliseconds = Double(path.jitterMilliseconds)
    delayMilliseconds = Double(path.bufferDelayMilliseconds + path.lineDelayMilliseconds)
    networkDelayMilliseconds = known(path.networkDelayMilliseconds)
    bufferDelayMilliseconds = known(path.bufferDelayMilliseconds)
    bufferTargetMilliseconds = known(path.bufferTargetMilliseconds)
    lineDelayMilliseconds = known(path.lineDelayMilliseconds)
    driftPartsPerMillion = known(path.driftPPM)
    heard = VoiceFigures(path.quality)
    told = VoiceFigures(path.remoteQuality)
    toldJitterMilliseconds = known(path.remoteJitterMilliseconds)
    sentRating = known(path.sentRating)
    sentListeningScore = known(path.sentMosListening)
    sentConversationalScore = known(path.sentMosConversational)
  }
}

private func known(_ value: Float) -> Double? { value.isFinite ? Double(value) : nil }
