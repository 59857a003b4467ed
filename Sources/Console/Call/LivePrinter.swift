import ControlAPI
import Foundation
import Phone

/// Prints a call while it runs: one block that is written over on a terminal, lines elsewhere.
actor LivePrinter {
  private var call: LiveCall
  private var block = UpdatingBlock()
  private let began = Date()
  private let isSilent: Bool
  private let isInteractive = Terminal.isInteractive

  init(_ call: LiveCall, isSilent: Bool) {
    self.call = call
    self.isSilent = isSilent
  }

  var gatewayCall: CallStatus? { call.gatewayCall }

  var keysHeard: String { call.keysHeard }

  func begin() { show([call.title]) }

  func take(_ event: PhoneEvent) { show(call.take(event, at: now)) }

  func take(_ status: CallStatus?) {
    if let status { show(call.take(status)) }
  }

  private var now: Double { Date().timeIntervalSince(began) }

  private func show(_ news: [String]) {
    guard !isSilent else { return }
    if isInteractive {
      Terminal.write(block.update(call.lines(at: now), columns: Terminal.columns))
    } else {
      for line in news { Terminal.writeLine(String(format: "%6.1f s  ", now) + line) }
    }
  }
}
