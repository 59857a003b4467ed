/// Cuts a byte stream into server-sent events (HTML Living Standard 9.2), as far as the status socket uses them.
package struct ServerSentEventParser: Sendable {
  package struct Event: Sendable, Equatable {
    package var name: String
    package var data: String

    package init(name: String, data: String) {
      self.name = name
      self.data = data
    }
  }

  /// An event may have at most this many bytes.
  private static let largest = 1 << 20
  private var line: [UInt8] = []
  private var name = ""
  private var data: [String] = []

  package init() {}

  /// The events that are complete with these bytes.
  package mutating func receive(_ bytes: some Sequence<UInt8>) -> [Event] {
    var events: [Event] = []
    for byte in bytes {
      guard byte == 0x0a else {
        if line.count < Self.largest { line.append(byte) }
        continue
      }
      if line.last == 0x0d { line.removeLast() }
      if line.isEmpty {
        if !data.isEmpty { events.append(Event(name: name.isEmpty ? "message" : name, data: data.joined(separator: "\n"))) }
        name = ""
        data = []
      } else {
        takeField(String(decoding: line, as: UTF8.self))
      }
      line.removeAll(keepingCapacity: true)
    }
    return events
  }

  private mutating func takeField(_ text: String) {
    let colon = text.firstIndex(of: ":") ?? text.endIndex
    var value = text[colon...].dropFirst()
    if value.first == " " { value = value.dropFirst() }
    switch text[..<colon] {
    case "event": name = String(value)
    case "data": data.append(String(value))
    default: break
    }
  }
}
