extension ConfigurationLoader {
  /// `tones: {busy: [{hz: [400], ms: 500}, {ms: 500}], …}`.
  static func readTones(_ section: Section) -> [GatewayConfiguration.Tone] {
    let kinds = GatewayConfiguration.Tone.Kind.allCases
    guard let tones = section.section("tones", allowing: kinds.map(\.rawValue)) else { return [] }
    var result: [GatewayConfiguration.Tone] = []
    for kind in kinds {
      guard let node = tones[kind.rawValue] else { continue }
      let steps = node.list
      let segments = steps.compactMap { readSegment($0, isOnly: steps.count == 1) }
      guard segments.count == steps.count else { continue }
      guard segments.contains(where: { !$0.frequencies.isEmpty }), segments.count <= 16 else {
        node.problem("expected 1 to 16 steps, one with a frequency at least: [{hz: [400], ms: 500}, {ms: 500}]")
        continue
      }
      result.append(GatewayConfiguration.Tone(kind: kind, segments: segments))
    }
    return result
  }

  private static func readSegment(_ node: ConfigurationNode, isOnly: Bool) -> GatewayConfiguration.Tone.Segment? {
    guard let section = node.section(allowing: ["hz", "modulated_hz", "ms"]) else { return nil }
    var segment = GatewayConfiguration.Tone.Segment(frequencies: [])
    if let node = section["hz"] {
      let entries = node.oneOrMore
      segment.frequencies = entries.compactMap { $0.number(in: 200...3000) }
      guard segment.frequencies.count == entries.count else { return nil }
      if entries.count > 4 { node.problem("at most four frequencies sound at once") }
    }
    if let node = section["modulated_hz"] { segment.modulation = node.number(in: 1...200) }
    if let node = section["ms"] {
      segment.milliseconds = node.integer(in: 10...60_000)
    } else if !isOnly {
      section.problem("missing ms; only a tone of one step goes on for ever")
      return nil
    }
    return segment
  }
}
