extension SIPHeaders {
  /// Replaces the topmost Via value only (RFC 3261 §18.2.1: `received` and `rport` are put there).
  mutating func replaceTopVia(_ via: Via) {
    guard let index = fields.firstIndex(where: { $0.name == .via }) else { return }
    guard text[fields[index].valueRange].contains(0x2c) else {
      let start = text.count
      via.write(to: &text)
      fields[index].valueStart = UInt32(truncatingIfNeeded: start)
      fields[index].valueCount = UInt32(truncatingIfNeeded: text.count - start)
      return
    }
    // Several values share the field: each gets one of its own.
    guard var all = try? vias(), !all.isEmpty else { return }
    all[0] = via
    remove(.via)
    let rest = Array(fields[index...])
    fields.removeSubrange(index...)
    for value in all { add(.via, value) }
    fields.append(contentsOf: rest)
  }

  /// True when the message came from its sender without a proxy between.
  var hasSingleVia: Bool {
    count(of: .via) == 1 && firstField(.via).map { !text[$0.valueRange].contains(0x2c) } == true
  }
}
