import ArgumentParser
import Foundation

/// Where the gateway's status socket is.
struct SocketOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The gateway's status socket; the default is run/gatewayd.sock, or /run/kakehashi/gatewayd.sock where that is not there.",
      valueName: "path"))
  var socket: String?

  var path: String {
    if let socket { return socket }
    let here = "run/gatewayd.sock"
    return FileManager.default.fileExists(atPath: here) ? here : "/run/kakehashi/gatewayd.sock"
  }
}
