import Foundation
import Yams

/// A configuration that was read without error, and what is worth saying about it.
package struct LoadedConfiguration: Sendable {
  package let configuration: GatewayConfiguration
  /// Things that are allowed but have no effect, to be logged.
  package let notices: [ConfigurationProblem]
}

/// Reads `gatewayd`'s configuration.
package enum ConfigurationLoader {
  /// The largest file that is read, in bytes.
  package static let largestFile = 1 << 20

  /// Reads a file; blocks on the disk.
  ///
  /// - Throws: every problem found, each with its line.
  package static func load(
    path: String, environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(ConfigurationError) -> LoadedConfiguration {
    guard isReadableFile(path), let handle = FileHandle(forReadingAtPath: path) else {
      let reason = FileManager.default.fileExists(atPath: path) ? "cannot be read as a file" : "no such file"
      throw ConfigurationError(problems: [ConfigurationProblem(file: path, line: nil, message: reason)])
    }
    guard let data = try? handle.read(upToCount: largestFile + 1), data.count <= largestFile,
      let text = String(data: data, encoding: .utf8)
    else {
      let message = "expected UTF-8 text of at most \(largestFile) bytes"
      throw ConfigurationError(problems: [ConfigurationProblem(file: path, line: nil, message: message)])
    }
    return try load(text: text, file: path, environment: environment)
  }

  /// Reads text as if it stood in `file`: that name is in the messages, and its directory is where relative paths start.
  package static func load(
    text: String, file: String, environment: [String: String] = [:]
  ) throws(ConfigurationError) -> LoadedConfiguration {
    let context = ReadingContext(file: file, environment: environment)
    let root: Node?
    do {
      root = try compose(yaml: text)
    } catch {
      throw ConfigurationError(problems: [syntaxProblem(error, file: file)])
    }
    let reader = ConfigurationNode(node: root ?? .scalar(.init("", .implicit, .plain)), path: "", context: context)
    let configuration = reader.isNull ? GatewayConfiguration() : readGateway(reader)
    guard context.problems.isEmpty else {
      // Stable: what was found first on a line is told first.
      let sorted = context.problems.enumerated().sorted { ($0.element.line ?? 0, $0.offset) < ($1.element.line ?? 0, $1.offset) }
      throw ConfigurationError(problems: sorted.map(\.element))
    }
    return LoadedConfiguration(configuration: configuration, notices: context.notices)
  }

  private static func syntaxProblem(_ error: any Error, file: String) -> ConfigurationProblem {
    switch error as? YamlError {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      var message = "not valid YAML: \(problem)"
      if let context { message += " (\(context.text) in line \(context.mark.line))" }
      if message.contains("alias") { message += "; a pattern that begins with * must be quoted" }
      return ConfigurationProblem(file: file, line: mark.line, message: message)
    case .duplicatedKeysInMapping(let duplicates, let context):
      let keys = duplicates.sorted().map { "\"\($0)\"" }.joined(separator: ", ")
      return ConfigurationProblem(file: file, line: context.mark.line, message: "key \(keys) given twice in one section, first here")
    default:
      return ConfigurationProblem(file: file, line: nil, message: "not valid YAML: \(error)")
    }
  }
}
