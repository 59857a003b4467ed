/// INFOs of one leg: the next leaves when the one before was answered, so that one that is lost and sent again is never overtaken, which the
/// peer would refuse (RFC 3261 §12.2.2): keys come in their order, each once.
struct InfoQueue: Sendable {
  struct Item: Sendable {
    var contentType: String
    var body: [UInt8]
  }

  /// Keys beyond these come too late to be of use.
  private static let limit = 64

  private var waiting: [Item] = []
  private var isSending = false

  /// The item to send now; nil: it waits.
  mutating func add(_ item: Item) -> Item? {
    guard isSending else {
      isSending = true
      return item
    }
    if waiting.count < Self.limit { waiting.append(item) }
    return nil
  }

  /// What was sent was answered, or could not be sent; the next item.
  mutating func next() -> Item? {
    guard !waiting.isEmpty else {
      isSending = false
      return nil
    }
    return waiting.removeFirst()
  }
}
