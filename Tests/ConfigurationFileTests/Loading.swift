import ConfigurationFile

/// Loads text as `gateway.yaml` in a directory that is not there.
func load(_ text: String, environment: [String: String] = [:]) throws(ConfigurationError) -> LoadedConfiguration {
  try ConfigurationLoader.load(text: text, file: "/nowhere/gateway.yaml", environment: environment)
}

/// The messages of all problems, each `LINE: MESSAGE`.
func problems(_ text: String) -> [String] {
  do {
    _ = try load(text)
    return []
  } catch {
    return error.problems.map { "\($0.line ?? 0): \($0.message)" }
  }
}
