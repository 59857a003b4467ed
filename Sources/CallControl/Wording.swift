import Numbering

extension ProgressToneKind {
  /// For people.
  var inWords: String {
    switch self {
    case .dialTone: "dial tone"
    case .ringback: "ringback tone"
    case .busy: "busy tone"
    case .congestion: "congestion tone"
    case .specialInformation: "special information tone"
    case .numberUnobtainable: "number unobtainable tone"
    }
  }

  /// Heard on an answered call, it says that the far end has gone.
  var clearsCalls: Bool {
    switch self {
    case .busy, .congestion, .dialTone, .numberUnobtainable: true
    case .ringback, .specialInformation: false
    }
  }
}

extension Int {
  /// Small numbers as words.
  var inWords: String {
    let words = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    return words.indices.contains(self) ? words[self] : String(self)
  }
}

extension Duration {
  /// `3 s`, `2.5 s`.
  var inSeconds: String {
    let tenths = components.seconds &* 10 &+ components.attoseconds / 100_000_000_000_000_000
    return tenths % 10 == 0 ? "\(tenths / 10) s" : "\(tenths / 10).\(tenths % 10) s"
  }
}
