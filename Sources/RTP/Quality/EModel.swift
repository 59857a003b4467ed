//  ITU-T G.107 (2015), the narrowband E-model: what a conversation is worth, from what is known of the way.
//
//   R = Ro (noise) - Is (loudness, sidetone, quantising) - Idte - Idle (echo) - Idd (delay) - Ie,eff (codec, loss)

private import RealTime

/// The E-model of ITU-T G.107 for one listener; what is not a field here has the standard's default.
package struct EModel: BitwiseCopyable, Sendable, Equatable {
  /// Mouth to ear, one way, ms.
  package var delayMilliseconds: Float = 0
  /// TELR: how far the listener's own voice is below its loudness when it comes back, dB; the default is 65: hardly any echo.
  package var talkerEchoLoudnessDB: Float = 65
  /// Ie of the codec (G.113).
  package var equipmentImpairment: Float = 0
  /// Bpl of the codec (G.113); the default is that of G.711 with concealment.
  package var lossRobustness: Float = 25.1
  /// Packets that were not played, 0–1.
  package var lossFraction: Float = 0
  /// BurstR: mean length of a run of losses against that of losses by chance; 1 or more.
  package var burstRatio: Float = 1
  /// Nc: noise of the circuit, dBm0p; the default is -70.
  package var circuitNoiseDBm0: Float = -70

  @_noLocks
  package init() {}

  // Defaults of G.107, table 2.
  private static var sendLoudness: Float { @_noLocks get { 8 } }
  private static var receiveLoudness: Float { @_noLocks get { 2 } }
  private static var sidetoneMasking: Float { @_noLocks get { 15 } }
  private static var listenerEchoLoss: Float { @_noLocks get { 110 } }

  /// Loss from the listener's mouth to its ear by way of an echo that is `returnLoss` dB down at 0 dBr (G.107, figure 1).
  @_noLocks
  package static func talkerEchoLoudness(returnLoss: Float) -> Float {
    sendLoudness + returnLoss + receiveLoudness
  }

  /// R of a conversation, about 0 to 93.2 (7-1).
  package var rating: Float {
    @_noLocks get { listeningRating - delayImpairment(noise: noise) }
  }

  /// R without delay and echo: what MOS-LQ tells.
  package var listeningRating: Float {
    @_noLocks get {
      let noise = noise
      return signalToNoise(noise) - simultaneousImpairment(noise) - effectiveEquipmentImpairment
    }
  }

  /// 1 to 4.5 (annex B).
  @_noLocks
  package static func meanOpinionScore(rating: Float) -> Float {
    guard rating > 0 else { return 1 }
    guard rating < 100 else { return 4.5 }
    let score = 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6
    return score < 1 ? 1 : score
  }

  // MARK: 7.2, noise

  /// No, dBm0p.
  private var noise: Float {
    @_noLocks get {
      // Rooms of 35 dB(A) at both ends: (7-4) to (7-7) with the defaults.
      let sendRoom: Float = 35 - 8 - 3 - 100 + 0.004 * 64
      let earRoom: Float = 35 + 0.638_9 + 0.003_3
      let receiveRoom = Self.receiveLoudness - 121 + earRoom
      let floor: Float = -64 + Self.receiveLoudness
      let circuit = circuitNoiseDBm0 > -96 ? circuitNoiseDBm0 : -96
      return RealTimeMath.decibels(powerRatio: Self.ratio(circuit) + Self.ratio(sendRoom) + Self.ratio(receiveRoom) + Self.ratio(floor))
    }
  }

  /// Ro (7-2).
  @_noLocks
  private func signalToNoise(_ noise: Float) -> Float { 15 - 1.5 * (Self.sendLoudness + noise) }

  @_noLocks
  private static func ratio(_ decibels: Float) -> Float { RealTimeMath.power(10, decibels / 10) }

  // MARK: 7.3, what comes with the speech

  /// Is (7-8).
  @_noLocks
  private func simultaneousImpairment(_ noise: Float) -> Float {
    let overall = Self.sendLoudness + Self.receiveLoudness
    let loudness = overall + 0.2 * (64 + noise - Self.receiveLoudness)
    let tooLoud = 20 * (root(1 + RealTimeMath.power(max(loudness, 0) / 8, 8), 8) - loudness / 8)
    return tooLoud + sidetoneImpairment + quantisingImpairment(signalToNoise(noise))
  }

  /// Ist (7-11).
  private var sidetoneImpairment: Float {
    @_noLocks get {
      let back = RealTimeMath.exponential(-delay / 4) * Self.ratio(-talkerEchoLoudnessDB)
      let sidetone = -RealTimeMath.decibels(powerRatio: Self.ratio(-Self.sidetoneMasking) + back)
      return 12 * root(1 + even((sidetone - 13) / 6, 8), 8) - 28 * root(1 + RealTimeMath.power(max(sidetone + 1, 0) / 19.4, 35), 35)
        - 13 * root(1 + RealTimeMath.power(max(sidetone - 3, 0) / 33, 13), 13) + 29
    }
  }

  /// Iq (7-15) for one quantising distortion unit.
  @_noLocks
  private func quantisingImpairment(_ signalToNoise: Float) -> Float {
    let quality: Float = 1.07 + 0.258 * 37 + 0.0602 * 37 * 37
    let first = (signalToNoise - 100) / 15 + 46 / 8.4 - quality / 9
    let second = 46 / 30 - quality / 40
    return 1.5 * RealTimeMath.decibels(powerRatio: 1 + RealTimeMath.power(10, first) + RealTimeMath.power(10, second))
  }

  // MARK: 7.4, delay and echo

  private var delay: Float {
    @_noLocks get { delayMilliseconds > 0 ? (delayMilliseconds < 10_000 ? delayMilliseconds : 10_000) : 0 }
  }

  /// Id (7-17).
  @_noLocks
  private func delayImpairment(noise: Float) -> Float {
    talkerEchoImpairment(noise) + listenerEchoImpairment(noise) + absoluteDelayImpairment
  }

  /// Idte (7-18).
  @_noLocks
  private func talkerEchoImpairment(_ noise: Float) -> Float {
    let delay = delay
    guard delay >= 1 else { return 0 }
    let echo =
      talkerEchoLoudnessDB - 4 * RealTimeMath.decibels(powerRatio: (1 + delay / 10) / (1 + delay / 150))
      + 6 * RealTimeMath.exponential(-0.3 * delay * delay)
    let half = (-1.5 * (noise - Self.receiveLoudness) - (80 + 2.5 * (echo - 14))) / 2
    return (half + RealTimeMath.squareRoot(half * half + 100) - 1) * (1 - RealTimeMath.exponential(-delay))
  }

  /// Idle (7-25): echo of the far talker.
  @_noLocks
  private func listenerEchoImpairment(_ noise: Float) -> Float {
    let echo = 10.5 * (Self.listenerEchoLoss + 7) * RealTimeMath.power(2 * delay + 1, -0.25)
    let half = (signalToNoise(noise) - echo) / 2
    return half + RealTimeMath.squareRoot(half * half + 169)
  }

  /// Idd (7-27), for talkers of ordinary sensitivity.
  private var absoluteDelayImpairment: Float {
    @_noLocks get {
      let delay = delay
      guard delay > 100 else { return 0 }
      let x = RealTimeMath.naturalLogarithm(delay / 100) / 0.693_147_18
      return 25 * (root(1 + RealTimeMath.power(x, 6), 6) - 3 * root(1 + RealTimeMath.power(x / 3, 6), 6) + 2)
    }
  }

  // MARK: 7.5, codec and loss

  /// Ie,eff (7-29); beyond 2 % of loss the formula holds up to a burst ratio of 2.
  private var effectiveEquipmentImpairment: Float {
    @_noLocks get {
      let loss = 100 * (lossFraction > 0 ? (lossFraction < 1 ? lossFraction : 1) : 0)
      let most: Float = loss > 2 ? 2 : 8
      let burst = burstRatio > 1 ? (burstRatio < most ? burstRatio : most) : 1
      return equipmentImpairment + (95 - equipmentImpairment) * loss / (loss / burst + lossRobustness)
    }
  }

  @_noLocks
  private func root(_ value: Float, _ degree: Float) -> Float { RealTimeMath.power(value, 1 / degree) }

  /// An even power of either sign.
  @_noLocks
  private func even(_ value: Float, _ exponent: Float) -> Float { RealTimeMath.power(value < 0 ? -value : value, exponent) }
}
