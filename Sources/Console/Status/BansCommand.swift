import ArgumentParser
import ControlAPI
import Foundation

/// `kakehashi bans`: who is not heard, and why; `kakehashi bans lift`.
struct BansCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bans", abstract: "Shows and lifts bans.", subcommands: [ListBansCommand.self, LiftBanCommand.self],
    defaultSubcommand: ListBansCommand.self)
}

struct ListBansCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "Shows who is banned or gets no answers.")
  @OptionGroup var socket: SocketOptions
  @Flag(help: "Print the socket's JSON.") var json = false

  func run() async throws {
    try await show("/v1/protection", socket, json: json) {
      StatusTables.protection(try ControlJSON.decode(ProtectionStatus.self, from: $0), now: Date())
    }
  }
}

struct LiftBanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "lift", abstract: "Ends a ban.")
  @Argument(help: "The banned address, as `kakehashi bans` shows it.") var source: String
  @OptionGroup var socket: SocketOptions

  func run() async throws {
    do {
      try await ControlClient(socket: socket.path).liftBan(source)
    } catch {
      throw Terminal.failure("\(error)")
    }
  }
}
