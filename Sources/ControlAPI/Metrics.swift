/// A family of Prometheus samples with one name.
package struct MetricFamily: Sendable, Equatable {
  package enum Kind: String, Sendable {
    case counter
    case gauge
    case histogram
  }

  package struct Sample: Sendable, Equatable {
    package var labels: [(String, String)]
    package var value: Double
    /// What stands after the family's name: `_bucket`, `_sum` and `_count` of histograms.
    package var suffix: String

    package init(_ value: Double, _ labels: [(String, String)] = [], suffix: String = "") {
      self.labels = labels
      self.value = value
      self.suffix = suffix
    }

    package static func == (left: Sample, right: Sample) -> Bool {
      left.value == right.value && left.suffix == right.suffix && left.labels.map { [$0.0, $0.1] } == right.labels.map { [$0.0, $0.1] }
    }
  }

  /// `kakehashi_` and words; a counter's ends in `_total`, a unit stands before that.
  package var name: String
  package var help: String
  package var kind: Kind
  package var samples: [Sample]

  package init(_ name: String, _ kind: Kind, help: String, _ samples: [Sample]) {
    self.name = name
    self.help = help
    self.kind = kind
    self.samples = samples
  }

  package init(_ name: String, _ kind: Kind, help: String, _ value: Int) {
    self.init(name, kind, help: help, [Sample(Double(value))])
  }
}

/// Prometheus' text format, version 0.0.4.
package enum PrometheusText {
  package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  package static func write(_ families: [MetricFamily]) -> String {
    var output = ""
    for family in families where !family.samples.isEmpty {
      output += "# HELP \(family.name) \(escape(family.help, quotes: false))\n# TYPE \(family.name) \(family.kind.rawValue)\n"
      for sample in family.samples {
        output += family.name + sample.suffix
        if !sample.labels.isEmpty {
          output += "{" + sample.labels.map { "\($0.0)=\"\(escape($0.1, quotes: true))\"" }.joined(separator: ",") + "}"
        }
        output += " \(number(sample.value))\n"
      }
    }
    return output
  }

  private static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    return value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
  }

  private static func escape(_ text: String, quotes: Bool) -> String {
    var output = ""
    for character in text {
      switch character {
      case "\\": output += "\\\\"
      case "\n": output += "\\n"
      case "\"" where quotes: output += "\\\""
      default: output.append(character)
      }
    }
    return output
  }
}
