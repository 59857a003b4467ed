import ArgumentParser
import Gateway

@main
struct GatewayDaemonCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gatewayd",
    abstract: "A telephone gateway between SIP and telephone lines.",
    discussion: """
      SIGTERM and SIGINT drain: no new calls, running ones end within drain_s; the second one ends at once. SIGHUP reads the configuration
      again. Exit codes: 0, 1 failure, 64 usage, 78 configuration error.
      """,
    version: GatewayVersion.text)

  @Option(help: "The configuration file, YAML.")
  var config: String

  @Flag(name: .customLong("check-config"), help: "Only check the configuration file.")
  var checkConfiguration = false

  func run() async throws {
    let code = checkConfiguration ? GatewayDaemon.check(config) : await GatewayDaemon.run(config)
    throw ExitCode(code.rawValue)
  }
}
