import ArgumentParser
import ConfigurationFile
import Foundation

struct ConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Checks a gateway's configuration, or shows it with all defaults.",
    subcommands: [ConfigCheckCommand.self, ConfigShowCommand.self])
}

struct ConfigCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Says what is wrong, each problem with file and line; exits 78 if anything is.")
  @Argument(help: "The configuration file.") var file: String

  func run() throws {
    let loaded = try load(file)
    for notice in loaded.notices { Terminal.writeLine("\(notice)") }
    let configuration = loaded.configuration
    Terminal.writeLine(
      "\(file): fine: \(configuration.lines.count) lines, \(configuration.outbound.rules.count) rules, \(configuration.sip.accounts.count) accounts"
    )
  }
}

struct ConfigShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Prints the configuration as gatewayd understands it, every key with its value.")
  @Argument(help: "The configuration file.") var file: String

  func run() throws { Terminal.write(try load(file).configuration.yaml) }
}

private func load(_ file: String) throws -> LoadedConfiguration {
  do {
    return try ConfigurationLoader.load(path: file)
  } catch {
    Terminal.writeError("\(error)")
    throw ExitCodes.configuration
  }
}
