import CallControl
import ControlAPI

extension CallStatus.Media {
  /// The figures of quality, with no more digits than they are good for.
  mutating func takeQuality(_ statistics: MediaStatistics) {
    noiseInDbm0 = statistics.noiseInDBm0?.rounded(toPlaces: 1)
    networkDelayMs = statistics.networkDelayMilliseconds?.rounded(toPlaces: 1)
    bufferDelayMs = statistics.bufferDelayMilliseconds?.rounded(toPlaces: 1)
    bufferTargetMs = statistics.bufferTargetMilliseconds?.rounded(toPlaces: 1)
    lineDelayMs = statistics.lineDelayMilliseconds?.rounded(toPlaces: 1)
    lineDriftPpm = statistics.lineDriftPartsPerMillion?.rounded(toPlaces: 1)
    echoDelayMs = statistics.echoDelayMilliseconds?.rounded(toPlaces: 1)
    let heard = statistics.heard
    endSystemDelayMs = heard.endSystemDelayMilliseconds?.rounded(toPlaces: 1)
    lossPercent = percent(heard.lossFraction)
    discardPercent = percent(heard.discardFraction)
    burstDensityPercent = percent(heard.burstDensity)
    gapDensityPercent = percent(heard.gapDensity)
    burstMs = heard.burstMilliseconds?.rounded(toPlaces: 0)
    gapMs = heard.gapMilliseconds?.rounded(toPlaces: 0)
    r = heard.rating?.rounded(toPlaces: 1)
    mosLq = heard.listeningScore?.rounded(toPlaces: 2)
    mos = heard.conversationalScore?.rounded(toPlaces: 2)
    rSent = statistics.sentRating?.rounded(toPlaces: 1)
    mosLqSent = statistics.sentListeningScore?.rounded(toPlaces: 2)
    mosSent = statistics.sentConversationalScore?.rounded(toPlaces: 2)
    takeReports(statistics.told, jitter: statistics.toldJitterMilliseconds)
  }

  private mutating func takeReports(_ figures: VoiceFigures, jitter: Double?) {
    var peer = CallStatus.Peer()
    peer.lossPercent = percent(figures.lossFraction)
    peer.jitterMs = jitter?.rounded(toPlaces: 2)
    peer.discardPercent = percent(figures.discardFraction)
    peer.burstDensityPercent = percent(figures.burstDensity)
    peer.gapDensityPercent = percent(figures.gapDensity)
    peer.burstMs = figures.burstMilliseconds
    peer.gapMs = figures.gapMilliseconds
    peer.endSystemDelayMs = figures.endSystemDelayMilliseconds
    peer.signalDbm0 = figures.signalDBm0
    peer.noiseDbm0 = figures.noiseDBm0
    peer.echoReturnLossDb = figures.residualEchoReturnLossDecibels
    peer.r = figures.rating
    peer.mosLq = figures.listeningScore?.rounded(toPlaces: 1)
    peer.mos = figures.conversationalScore?.rounded(toPlaces: 1)
    told = peer
  }

  private func percent(_ fraction: Double?) -> Double? { fraction.map { (100 * $0).rounded(toPlaces: 2) } }
}
