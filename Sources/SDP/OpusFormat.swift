/// What a side says of the Opus that it takes (RFC 7587, 6.1); parameters that mean nothing on a telephone line are not kept.
package struct OpusFormat: Hashable, Sendable {
  /// `maxaveragebitrate`: bits a second of the payload at most; nil: any.
  package var maximumAverageBitRate: Int?
  /// `useinbandfec`: it makes use of forward error correction; the default is false.
  package var usesErrorCorrection = false
  /// `usedtx`: it wants silence left out; the default is false.
  package var wantsSilenceLeftOut = false

  package init(maximumAverageBitRate: Int? = nil, usesErrorCorrection: Bool = false, wantsSilenceLeftOut: Bool = false) {
    self.maximumAverageBitRate = maximumAverageBitRate
    self.usesErrorCorrection = usesErrorCorrection
    self.wantsSilenceLeftOut = wantsSilenceLeftOut
  }

  /// What we say: as much as fits a way of 28.8 kbit/s in packets of 40 ms over IPv4, with all headers.
  package static let ours = OpusFormat(maximumAverageBitRate: 18_000, usesErrorCorrection: true)

  /// Parses the parameters of an `a=fmtp` value; what is malformed or unknown is left out.
  init(parsing parameters: some StringProtocol) {
    for part in parameters.split(separator: ";") {
      let sides = part.split(separator: "=", maxSplits: 1).map { $0.trimmingBlanks.lowercased() }
      guard sides.count == 2 else { continue }
      switch sides[0] {
      case "maxaveragebitrate":
        // 6,000 to 510,000 (RFC 7587, 6.1).
        if let rate = Int(sides[1]), rate >= 1 { maximumAverageBitRate = min(max(rate, 6_000), 510_000) }
      case "useinbandfec": usesErrorCorrection = sides[1] == "1"
      case "usedtx": wantsSilenceLeftOut = sides[1] == "1"
      default: break
      }
    }
  }

  /// The parameters of an `a=fmtp` value, with the telephone band of our lines.
  var text: String {
    var parts = ["maxplaybackrate=8000", "sprop-maxcapturerate=8000"]
    if let maximumAverageBitRate { parts.append("maxaveragebitrate=\(maximumAverageBitRate)") }
    parts.append("useinbandfec=\(usesErrorCorrection ? 1 : 0)")
    if wantsSilenceLeftOut { parts.append("usedtx=1") }
    return parts.joined(separator: ";")
  }
}

extension StringProtocol {
  var trimmingBlanks: String {
    var rest = self[...]
    while let first = rest.first, first == " " || first == "\t" { rest.removeFirst() }
    while let last = rest.last, last == " " || last == "\t" { rest.removeLast() }
    return String(rest)
  }
}
