/// What a message is at a glance, before anything is parsed.
package enum MessageKind: Hashable, Sendable {
  /// Line ends only (RFC 5626 4.4.1).
  case keepAlive
  case response
  /// An ACK gets no answer.
  case acknowledgement
  /// A request with digest credentials, right or wrong.
  case requestWithCredentials
  /// Any other request, and what is no message at all.
  case request

  /// Looks at the first line, and for a line that begins with `Authorization` or `Proxy-Authorization`; total on any input.
  package init(glance bytes: UnsafeRawBufferPointer) {
    var start = 0
    while start < bytes.count, bytes[start] == 0x0d || bytes[start] == 0x0a || bytes[start] == 0 { start &+= 1 }
    guard start < bytes.count else {
      self = .keepAlive
      return
    }
    if MessageKind.begins(bytes, at: start, "sip/2.0 ") {
      self = .response
    } else if MessageKind.begins(bytes, at: start, "ack ") {
      self = .acknowledgement
    } else {
      self = MessageKind.hasCredentials(bytes, from: start) ? .requestWithCredentials : .request
    }
  }

  private static func hasCredentials(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Bool {
    var position = start
    while position < bytes.count {
      guard bytes[position] == 0x0a else {
        position &+= 1
        continue
      }
      position &+= 1
      guard position < bytes.count else { return false }
      switch bytes[position] {
      case 0x0d, 0x0a: return false  // The empty line: what follows is the body.
      case 0x41, 0x61: if begins(bytes, at: position, "authorization") { return true }
      case 0x50, 0x70: if begins(bytes, at: position, "proxy-authorization") { return true }
      default: break
      }
    }
    return false
  }

  /// Whatever the case; `word` is in lower case.
  private static func begins(_ bytes: UnsafeRawBufferPointer, at start: Int, _ word: StaticString) -> Bool {
    let length = word.utf8CodeUnitCount
    guard bytes.count &- start >= length else { return false }
    return word.withUTF8Buffer { letters in
      for offset in 0..<length {
        let byte = bytes[start &+ offset]
        let lower = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
        if lower != letters[offset] { return false }
      }
      return true
    }
  }
}
