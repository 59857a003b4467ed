/// A mapping whose keys are known to be allowed; each accessor leaves the default alone where the key is absent, null or wrong.
struct Section {
  let values: [String: ConfigurationNode]
  let path: String
  let line: Int?
  let context: ReadingContext

  /// The value, unless it is absent or null.
  subscript(_ key: String) -> ConfigurationNode? {
    guard let value = values[key], !value.isNull else { return nil }
    return value
  }

  /// Whether a null stands there, which turns some things off.
  func isExplicitlyNull(_ key: String) -> Bool { values[key]?.isNull ?? false }

  func problem(_ message: String, at key: String? = nil) {
    context.problem(key.flatMap { values[$0]?.line } ?? line, path.isEmpty ? message : "\(path): \(message)")
  }

  func read(_ key: String, into value: inout String) {
    if let text = self[key]?.text { value = text }
  }

  func read(_ key: String, into value: inout String?) {
    if let text = self[key]?.text { value = text }
  }

  func readPath(_ key: String, into value: inout String) {
    if let text = self[key]?.text { value = context.resolve(text) }
  }

  func read(_ key: String, in range: ClosedRange<Int>, into value: inout Int) {
    if let number = self[key]?.integer(in: range) { value = number }
  }

  /// Null turns the default off.
  func read(_ key: String, in range: ClosedRange<Int>, into value: inout Int?) {
    if isExplicitlyNull(key) { value = nil }
    if let number = self[key]?.integer(in: range) { value = number }
  }

  func read(_ key: String, in range: ClosedRange<Double>, into value: inout Double) {
    if let number = self[key]?.number(in: range) { value = number }
  }

  /// Null turns the default off.
  func read(_ key: String, in range: ClosedRange<Double>, into value: inout Double?) {
    if isExplicitlyNull(key) { value = nil }
    if let number = self[key]?.number(in: range) { value = number }
  }

  func read(_ key: String, into value: inout Bool) {
    if let truth = self[key]?.boolean { value = truth }
  }

  func read<Choice: RawRepresentable & CaseIterable>(_ key: String, into value: inout Choice) where Choice.RawValue == String {
    if let choice = self[key]?.choice(Choice.self) { value = choice }
  }

  func list(_ key: String) -> [ConfigurationNode] { self[key]?.list ?? [] }

  func section(_ key: String, allowing keys: [String]) -> Section? { self[key]?.section(allowing: keys) }

  /// `password`, `password_file` or `password_env` (or the same with another stem): one of them.
  func secret(_ stem: String, required: Bool) -> Secret? {
    let keys = [stem, "\(stem)_file", "\(stem)_env"].filter { self[$0] != nil }
    guard let key = keys.first else {
      if required { problem("missing \(stem): give \(stem), \(stem)_file or \(stem)_env") }
      return nil
    }
    if keys.count > 1 {
      problem("\(keys.joined(separator: " and ")) both given; one of them is enough", at: keys[1])
    }
    guard let node = self[key], let text = node.text else { return nil }
    switch key {
    case stem: return Secret(text)
    case "\(stem)_file":
      let path = context.resolve(text)
      guard let content = readTextFile(path) else {
        node.problem("cannot read \(path)")
        return nil
      }
      let value = String(content.prefix { !$0.isNewline })
      if value.isEmpty { node.problem("the first line of \(path) is empty") }
      return Secret(value, source: .file(path))
    default:
      guard let value = context.environment[text], !value.isEmpty else {
        node.problem("the environment variable \(text) is not set")
        return nil
      }
      return Secret(value, source: .environment(text))
    }
  }

  /// A path to a file that must be there.
  func existingFile(_ key: String) -> String? {
    guard let node = self[key], let text = node.text else { return nil }
    let path = context.resolve(text)
    if !isReadableFile(path) { node.problem("cannot read \(path)") }
    return path
  }
}
