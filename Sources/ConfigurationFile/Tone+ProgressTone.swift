package import Numbering

extension GatewayConfiguration.Tone {
  /// The tone as detectors and generators take it, to be put into a country's plan.
  package var progressTone: ProgressTone {
    let segments = segments.map { segment in
      ToneSegment(
        components: segment.frequencies.map { ToneComponent($0) }, milliseconds: segment.milliseconds,
        modulation: segment.modulation.map { ToneModulation(frequency: $0, depth: 0.5) })
    }
    return ProgressTone(kind.progressToneKind, ToneCadence(segments))
  }
}

extension GatewayConfiguration.Tone.Kind {
  package var progressToneKind: ProgressToneKind {
    switch self {
    case .dial: .dialTone
    case .ringback: .ringback
    case .busy: .busy
    case .congestion: .congestion
    case .specialInformation: .specialInformation
    case .numberUnobtainable: .numberUnobtainable
    }
  }
}
