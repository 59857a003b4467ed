/// One thing that is wrong, or worth saying, in a configuration file.
package struct ConfigurationProblem: Hashable, Sendable, CustomStringConvertible {
  /// The file as the user named it.
  package let file: String
  /// Counted from 1; nil where the whole file is meant.
  package let line: Int?
  /// What is wrong, and what is allowed.
  package let message: String

  package var description: String {
    if let line { "\(file):\(line): \(message)" } else { "\(file): \(message)" }
  }
}

/// Everything that is wrong in a configuration file, in the order of its lines.
package struct ConfigurationError: Error, Equatable, CustomStringConvertible {
  package let problems: [ConfigurationProblem]

  /// One line for each problem.
  package var description: String {
    problems.map(\.description).joined(separator: "\n")
  }
}
