package import SIP

// A text message between accounts (RFC 3428): to all contacts of the receiver, the first that takes it is enough.
//
//   MESSAGE ──▶ pending ──a contact took it: 200──▶ gone (what the others say does not matter any more)
//                  └── all refused, or 18 s without a word: the best status ──▶ gone

/// Text messages under way: a value that decides.
package struct MessageRelay: Sendable {
  private struct Pending {
    var copies: Set<MessageID>
    var status = 480
    var until: Duration
  }

  /// How long the sender waits at the most: shorter than its own transaction does.
  package static let patience = Duration.seconds(18)
  /// Messages at a time; one more gets 503.
  package static let limit = 1000

  private var pending: [MessageID: Pending] = [:]
  /// Which message a copy is of.
  private var originals: [MessageID: MessageID] = [:]

  package init() {}

  package var isFull: Bool { pending.count >= Self.limit }
  package var count: Int { pending.count }
  /// When `expire` has to be called; all wait equally long, so the first that came is due first.
  package private(set) var deadline: Duration?

  /// Copies were sent to the contacts of the receiver.
  package mutating func sent(_ message: MessageID, copies: [MessageID], now: Duration) {
    pending[message] = Pending(copies: Set(copies), until: now + Self.patience)
    for copy in copies { originals[copy] = message }
    deadline = deadline ?? now + Self.patience
  }

  /// A contact took its copy; the message to be answered with 200.
  package mutating func delivered(_ copy: MessageID) -> MessageID? {
    guard let message = originals[copy], pending[message] != nil else {
      originals[copy] = nil
      return nil
    }
    remove(message)
    return message
  }

  /// A contact did not take its copy; when it was the last, the message to be answered and the status.
  package mutating func failed(_ copy: MessageID, status: Int) -> (message: MessageID, status: Int)? {
    guard let message = originals.removeValue(forKey: copy), var entry = pending[message] else { return nil }
    entry.copies.remove(copy)
    // A refusal says more than a contact that is not there; how we get on with it is not the sender's affair.
    if status >= 400, status != 401, status != 407, status != 408, status != 503 { entry.status = status }
    pending[message] = entry
    guard entry.copies.isEmpty else { return nil }
    remove(message)
    return (message, entry.status)
  }

  /// Messages that have waited too long, each with the status it gets.
  package mutating func expire(now: Duration) -> [(message: MessageID, status: Int)] {
    let due = pending.filter { $0.value.until <= now }.map { (message: $0.key, status: $0.value.status) }
    for entry in due { remove(entry.message) }
    return due.sorted { $0.message.rawValue < $1.message.rawValue }
  }

  private mutating func remove(_ message: MessageID) {
    guard let entry = pending.removeValue(forKey: message) else { return }
    for copy in entry.copies { originals[copy] = nil }
    deadline = pending.values.map(\.until).min()
  }
}
