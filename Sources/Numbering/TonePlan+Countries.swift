// The tones of ITU-T E.180 supplement 2. Levels are relative; frequencies in Hz, times in ms.

extension TonePlan {
  /// The plan of a country.
  package static func plan(of country: Country) -> TonePlan {
    switch country {
    case .japan: japan
    case .unitedStates: unitedStates
    case .unitedKingdom: unitedKingdom
    case .germany: germany
    case .france: france
    case .china: china
    case .australia: australia
    }
  }

  private static let japan = TonePlan(
    name: "JP",
    tones: [
      ProgressTone(.dialTone, continuous(400)),
      ProgressTone(
        .ringback,
        ToneCadence([
          // 400 Hz modulated by 15–20 Hz (TTC JJ-90.10: sounded as 384 and 416 Hz around the carrier).
          ToneSegment(
            components: [ToneComponent(400)], milliseconds: 1000, modulation: ToneModulation(frequency: 16, depth: 0.85)),
          .silence(2000),
        ])),
      ProgressTone(.busy, ToneCadence([.on(500, 400), .silence(500)])),
      ProgressTone(.congestion, ToneCadence([.on(500, 400), .silence(500)])),
      ProgressTone(.specialInformation, threeTones()),
    ],
    dtmf: DTMFLimits(twist: 8, reverseTwist: 5))

  private static let unitedStates = TonePlan(
    name: "US",
    tones: [
      ProgressTone(.dialTone, continuous(350, 440)),
      ProgressTone(.ringback, ToneCadence([.on(2000, 440, 480), .silence(4000)])),
      ProgressTone(.busy, ToneCadence([.on(500, 480, 620), .silence(500)])),
      ProgressTone(.congestion, ToneCadence([.on(250, 480, 620), .silence(250)])),
      // First and second tone low or high, short or long (Telcordia SR-3511); the third is always 1776.7 Hz, long.
      northAmerican(.vacantCode, (985.2, 380), (1370.6, 274)),
      northAmerican(.intercept, (913.8, 274), (1370.6, 274)),
      northAmerican(.reorder, (913.8, 274), (1428.5, 380)),
      northAmerican(.reorder, (985.2, 274), (1370.6, 380)),
      northAmerican(.noCircuit, (985.2, 380), (1428.5, 380)),
      northAmerican(.noCircuit, (913.8, 380), (1370.6, 380)),
    ],
    dtmf: DTMFLimits(twist: 8, reverseTwist: 4))

  private static let unitedKingdom = TonePlan(
    name: "GB",
    tones: [
      ProgressTone(.dialTone, continuous(350, 440)),
      ProgressTone(.ringback, ToneCadence([.on(400, 400, 450), .silence(200), .on(400, 400, 450), .silence(2000)])),
      ProgressTone(.busy, ToneCadence([.on(375, 400), .silence(375)])),
      ProgressTone(.congestion, ToneCadence([.on(400, 400), .silence(350), .on(225, 400), .silence(525)])),
      ProgressTone(.specialInformation, threeTones(pause: 1000)),
      ProgressTone(.numberUnobtainable, continuous(400)),
    ])

  private static let germany = TonePlan(
    name: "DE",
    tones: [
      ProgressTone(.dialTone, continuous(425)),
      ProgressTone(.ringback, ToneCadence([.on(1000, 425), .silence(4000)])),
      ProgressTone(.busy, ToneCadence([.on(480, 425), .silence(480)])),
      ProgressTone(.congestion, ToneCadence([.on(240, 425), .silence(240)])),
      ProgressTone(.specialInformation, threeTones(pause: 1000)),
    ])

  private static let france = TonePlan(
    name: "FR",
    tones: [
      ProgressTone(.dialTone, continuous(440)),
      ProgressTone(.ringback, ToneCadence([.on(1500, 440), .silence(3500)])),
      ProgressTone(.busy, ToneCadence([.on(500, 440), .silence(500)])),
      ProgressTone(.congestion, ToneCadence([.on(250, 440), .silence(250)])),
      ProgressTone(.specialInformation, threeTones()),
    ])

  private static let china = TonePlan(
    name: "CN",
    tones: [
      ProgressTone(.dialTone, continuous(450)),
      ProgressTone(.ringback, ToneCadence([.on(1000, 450), .silence(4000)])),
      ProgressTone(.busy, ToneCadence([.on(350, 450), .silence(350)])),
      ProgressTone(.congestion, ToneCadence([.on(700, 450), .silence(700)])),
      ProgressTone(
        .specialInformation,
        ToneCadence([
          .on(100, 450), .silence(100), .on(100, 450), .silence(100), .on(100, 450), .silence(100), .on(400, 450), .silence(400),
        ])),
    ])

  private static let australia = TonePlan(
    name: "AU",
    tones: [
      ProgressTone(.dialTone, continuous(413, 438)),
      ProgressTone(.ringback, ToneCadence([.on(400, 413, 438), .silence(200), .on(400, 413, 438), .silence(2000)])),
      ProgressTone(.busy, ToneCadence([.on(375, 425), .silence(375)])),
      ProgressTone(
        .congestion, ToneCadence([.on(375, 425), .silence(375), .on(375, 425, relativeLevel: -10), .silence(375)])),
      ProgressTone(.specialInformation, ToneCadence([.on(2500, 425), .silence(500)])),
    ],
    dtmf: DTMFLimits(twist: 10, reverseTwist: 6))

  private static func continuous(_ frequencies: Double...) -> ToneCadence {
    ToneCadence([ToneSegment(components: frequencies.map { ToneComponent($0) }, milliseconds: nil)])
  }

  /// ITU-T E.180 clause 11: 950, 1400, 1800 Hz, 330 ms each, then a pause; an announcement may follow instead.
  private static func threeTones(pause: Int = 1000) -> ToneCadence {
    ToneCadence([.on(330, 950), .on(330, 1400), .on(330, 1800), .silence(pause)])
  }

  private static func northAmerican(
    _ cause: SpecialInformationCause, _ first: (frequency: Double, milliseconds: Int), _ second: (frequency: Double, milliseconds: Int)
  ) -> ProgressTone {
    ProgressTone(
      .specialInformation,
      ToneCadence(
        [.on(first.milliseconds, first.frequency), .on(second.milliseconds, second.frequency), .on(380, 1776.7)], repeats: false),
      cause: cause)
  }
}
