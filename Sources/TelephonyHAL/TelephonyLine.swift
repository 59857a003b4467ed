package import RealTime

// The port between the gateway and anything that is a telephone line.
//
//            control thread                       driver thread                 media thread
//   perform(command) ──mailbox──▶ ┌──────────────────────────────────┐
//                                 │ driver (simulated, loop, modem…) │ ──capture ring──▶  LineAudio
//   nextEvent() ◀────mailbox───── └──────────────────────────────────┘ ◀─playback ring──  LineAudio
//        ▲                                      │
//        └──────── wake descriptor ◀────────────┘  (one a driver)

/// A telephone line: commands in, events out, audio both ways.
package protocol TelephonyLine: AnyObject, Sendable {
  var id: LineID { get }

  /// The driver's name as in the configuration: `simulated`, `loop`, ….
  var driver: String { get }

  var capabilities: LineCapabilities { get }

  var audio: LineAudio { get }

  /// Hands a command to the driver. Control thread; never blocks.
  func perform(_ command: LineCommand)

  /// The next event, oldest first. Control thread; drained after the driver's descriptor became readable.
  func nextEvent() -> LineEvent?
}

/// A thread that runs one line or several.
package protocol LineDriver: AnyObject, Sendable {
  var lines: [any TelephonyLine] { get }

  /// Becomes readable when any of the lines has events; -1 where the driver is stepped by hand.
  var wakeDescriptor: Int32 { get }

  /// Reads the descriptor empty; to be called before the events are drained. Control thread.
  func acknowledgeWake()

  /// Starts the thread, with every line on hook; does nothing while it runs.
  func start() throws(RealTimeError)

  /// Puts every line on hook and ends the thread; returns when it has ended.
  func stop()
}
