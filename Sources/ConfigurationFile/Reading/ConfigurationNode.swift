import Foundation
import Yams

/// A value in the file, with the place and the dotted name that messages give it.
struct ConfigurationNode {
  let node: Node
  /// Dotted name, `sip.listen`.
  let path: String
  let context: ReadingContext

  var line: Int? { node.mark?.line }

  func problem(_ message: String) {
    context.problem(line, "\(path): \(message)")
  }

  /// `key:`, `~` and `null`, not quoted.
  var isNull: Bool {
    guard case .scalar(let scalar) = node, scalar.style == .plain || scalar.style == .any else { return false }
    return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
  }

  /// The scalar as it is written, so that leading zeros and signs survive.
  var text: String? {
    guard case .scalar(let scalar) = node, !isNull else {
      problem("expected text, found \(kind)")
      return nil
    }
    return scalar.string
  }

  func integer(in range: ClosedRange<Int>) -> Int? {
    guard case .scalar(let scalar) = node, let value = Int(scalar.string) else {
      problem("expected a whole number from \(range.lowerBound) to \(range.upperBound), found \(kind)")
      return nil
    }
    guard range.contains(value) else {
      problem("\(value) is out of range; allowed: \(range.lowerBound) to \(range.upperBound)")
      return nil
    }
    return value
  }

  func number(in range: ClosedRange<Double>) -> Double? {
    guard case .scalar(let scalar) = node, let value = Double(scalar.string), value.isFinite else {
      problem("expected a number from \(brief(range.lowerBound)) to \(brief(range.upperBound)), found \(kind)")
      return nil
    }
    guard range.contains(value) else {
      problem("\(brief(value)) is out of range; allowed: \(brief(range.lowerBound)) to \(brief(range.upperBound))")
      return nil
    }
    return value
  }

  var boolean: Bool? {
    if case .scalar(let scalar) = node {
      switch scalar.string.lowercased() {
      case "true", "yes", "on": return true
      case "false", "no", "off": return false
      default: break
      }
    }
    problem("expected true or false, found \(kind)")
    return nil
  }

  func choice<Choice: RawRepresentable & CaseIterable>(_ type: Choice.Type) -> Choice? where Choice.RawValue == String {
    let allowed = Choice.allCases.map(\.rawValue).joined(separator: ", ")
    guard case .scalar(let scalar) = node else {
      problem("expected one of \(allowed), found \(kind)")
      return nil
    }
    if let choice = Choice(rawValue: scalar.string) { return choice }
    problem("unknown value \"\(scalar.string)\"; allowed: \(allowed)")
    return nil
  }

  /// The elements of a list; a null is an empty list.
  var list: [ConfigurationNode] {
    if isNull { return [] }
    guard case .sequence(let sequence) = node else {
      problem("expected a list, found \(kind)")
      return []
    }
    return sequence.enumerated().map { ConfigurationNode(node: $1, path: "\(path)[\($0 + 1)]", context: context) }
  }

  /// One scalar, or a list of them.
  var oneOrMore: [ConfigurationNode] {
    if case .scalar = node, !isNull { return [self] }
    return list
  }

  /// The mapping here; says so where something else stands or a key is unknown.
  func section(allowing keys: [String]) -> Section? {
    guard case .mapping(let mapping) = node else {
      problem("expected keys and values (\(keys.joined(separator: ", "))), found \(kind)")
      return nil
    }
    var values: [String: ConfigurationNode] = [:]
    for (key, value) in mapping {
      guard case .scalar(let name) = key else {
        context.problem(key.mark?.line ?? line, "a key of \(place) is not a word; allowed: \(keys.joined(separator: ", "))")
        continue
      }
      guard keys.contains(name.string) else {
        context.problem(key.mark?.line ?? line, "unknown key \"\(name.string)\" in \(place); allowed: \(keys.joined(separator: ", "))")
        continue
      }
      values[name.string] = ConfigurationNode(node: value, path: path.isEmpty ? name.string : "\(path).\(name.string)", context: context)
    }
    return Section(values: values, path: path, line: line, context: context)
  }

  private var place: String { path.isEmpty ? "the file" : path }

  private var kind: String {
    switch node {
    case .scalar(let scalar): isNull ? "nothing" : "\"\(scalar.string)\""
    case .sequence: "a list"
    case .mapping: "keys and values"
    case .alias: "an alias"
    }
  }
}

/// A number as short as it can be written: `12`, `0.5`.
func brief(_ value: Double) -> String {
  value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : String(value)
}
