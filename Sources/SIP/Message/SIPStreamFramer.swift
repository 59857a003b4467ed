/// Cuts the messages out of a byte stream (RFC 3261 18.3, RFC 5626 3.5.1).
///
/// ```
///            CRLF CRLF                      header bytes                    empty line          Content-Length bytes
///   idle ───────────────▶ .ping     idle ───────────────▶ reading header ───────────▶ reading body ───────────▶ .message ─▶ idle
///     │ CRLF alone (a pong, or left-overs): skipped          │ too long, Content-Length missing or wrong
///                                                            └──────────▶ .failed: close the connection; nothing comes after it
/// ```
package struct SIPStreamFramer: Sendable {
  package enum Output: Sendable {
    case message(SIPMessage)
    /// One message was not well-formed but its length was known: answer if possible; the stream goes on.
    case unparsable(SIPParseError)
    /// A message that its reader did not want to hear; it was not parsed.
    case unheard
    /// A double CRLF: answer with `pong`.
    case ping
    /// Framing is lost: answer if possible, then close the connection.
    case failed(SIPParseError)
  }

  /// What asks for a sign of life, and what answers it.
  package static let ping: [UInt8] = [0x0d, 0x0a, 0x0d, 0x0a]
  package static let pong: [UInt8] = [0x0d, 0x0a]

  private let limits: SIPParser.Limits
  private var buffer: [UInt8] = []
  /// Where the message that is being read starts.
  private var start = 0
  /// Up to here the search for the empty line has found none.
  private var searched = 0
  /// Where the message ends, once its header is complete.
  private var messageEnd: Int?
  private var hasFailed = false
  /// The bytes of the latest `.message` or `.unparsable`.
  package private(set) var messageBytes: [UInt8] = []

  package init(limits: SIPParser.Limits = SIPParser.Limits()) {
    self.limits = limits
  }

  /// Bytes kept for a message that is not complete.
  package var bufferedCount: Int { buffer.count - start }

  /// True between messages: closing the connection now loses nothing.
  package var isIdle: Bool { bufferedCount == 0 || isAtLineEnd }

  /// A single line end is all there is: a pong, or the first half of a ping.
  private var isAtLineEnd: Bool { bufferedCount == 2 && buffer[start] == 0x0d && buffer[start + 1] == 0x0a }

  /// Takes the single line end that answers a ping; false: there is something else, or nothing.
  package mutating func takePong() -> Bool {
    guard isAtLineEnd else { return false }
    start += 2
    searched = start
    return true
  }

  /// Takes bytes from the stream; then call `next()` until it is nil.
  package mutating func receive(_ bytes: some Sequence<UInt8>) {
    guard !hasFailed else { return }
    compact()
    buffer.append(contentsOf: bytes)
  }

  /// The next thing the stream holds, or nil until more arrives.
  ///
  /// - Parameter hears: asked with a whole message before it is parsed.
  package mutating func next(hearing hears: (UnsafeRawBufferPointer) -> Bool = { _ in true }) -> Output? {
    guard !hasFailed else { return nil }
    if messageEnd == nil {
      if let ping = skipLineEnds() { return ping }
      if bufferedCount >= 2, buffer[start] == 0x0d, buffer[start + 1] != 0x0a {
        return fail(SIPParseError(.notSIP, "LF after CR was expected", offset: start))
      }
      guard let bodyStart = findBodyStart() else {
        guard bufferedCount > limits.messageSize else { return nil }
        return fail(SIPParseError(.messageTooLarge, "more than \(limits.messageSize) bytes without an empty line", offset: start))
      }
      if let failure = frame(bodyStart) { return failure }
    }
    guard let end = messageEnd, buffer.count >= end else { return nil }
    let message = Array(buffer[start..<end])
    start = end
    searched = end
    messageEnd = nil
    messageBytes = message
    guard message.withUnsafeBytes(hears) else { return .unheard }
    do throws(SIPParseError) {
      return .message(try SIPParser.parse(datagram: message, limits: limits))
    } catch {
      // Not SIP at all: where the next message starts cannot be trusted.
      return error.code == .notSIP ? fail(error) : .unparsable(error)
    }
  }

  private mutating func skipLineEnds() -> Output? {
    while start < buffer.count {
      if buffer[start] == 0x0d {
        guard start + 1 < buffer.count else { return nil }
        guard buffer[start + 1] == 0x0a else { break }
        if start + 3 < buffer.count, buffer[start + 2] == 0x0d, buffer[start + 3] == 0x0a {
          start += 4
          searched = start
          return .ping
        }
        // A ping's second half may still be on its way.
        if start + 2 == buffer.count || (start + 3 == buffer.count && buffer[start + 2] == 0x0d) { break }
        start += 2
      } else if buffer[start] == 0x0a {
        start += 1
      } else {
        break
      }
    }
    searched = max(searched, start)
    return nil
  }

  /// Looks for the empty line; nil while there is none.
  private mutating func findBodyStart() -> Int? {
    guard start < buffer.count, buffer[start] != 0x0d else { return nil }
    var position = searched
    while position < buffer.count {
      if buffer[position] == 0x0a {
        if position + 1 < buffer.count, buffer[position + 1] == 0x0a { return position + 2 }
        if position + 2 < buffer.count, buffer[position + 1] == 0x0d, buffer[position + 2] == 0x0a { return position + 3 }
        if position + 2 >= buffer.count { break }
      }
      position += 1
    }
    searched = position
    return nil
  }

  /// Finds out how long the message is; an output where that cannot be.
  private mutating func frame(_ bodyStart: Int) -> Output? {
    let header = Array(buffer[start..<bodyStart])
    let length: Int
    do throws(SIPParseError) {
      length = try SIPStreamFramer.contentLength(header, limits)
    } catch {
      return fail(error)
    }
    guard length <= limits.messageSize - (bodyStart - start) else {
      var error = SIPParseError(.messageTooLarge, "Content-Length asks for \(length) bytes", offset: start)
      error.salvaged = SIPStreamFramer.salvage(header, limits)
      return fail(error)
    }
    messageEnd = bodyStart + length
    return nil
  }

  /// The value of the one Content-Length field.
  private static func contentLength(_ header: [UInt8], _ limits: SIPParser.Limits) throws(SIPParseError) -> Int {
    var reader = MessageReader(header, limits)
    guard let length = reader.contentLengthOfHeader() else {
      var error = SIPParseError(.contentLength, "on a stream each message needs one Content-Length, a number", offset: 0)
      error.salvaged = salvage(header, limits)
      throw error
    }
    return length
  }

  /// What can be read of a header whose body is not there.
  private static func salvage(_ header: [UInt8], _ limits: SIPParser.Limits) -> SalvagedRequest? {
    do throws(SIPParseError) {
      guard case .request(let request) = try SIPParser.parse(datagram: header, limits: limits) else { return nil }
      return SalvagedRequest(method: request.method, headers: request.headers)
    } catch {
      return error.salvaged
    }
  }

  private mutating func fail(_ error: SIPParseError) -> Output {
    hasFailed = true
    buffer = []
    start = 0
    return .failed(error)
  }

  /// Drops what has been read.
  private mutating func compact() {
    guard start > 0 else { return }
    buffer.removeFirst(start)
    searched -= start
    messageEnd = messageEnd.map { $0 - start }
    start = 0
  }
}
