/// Answers, for as long as they hold (RFC 1035 §3.2.1, RFC 2308); bounded.
struct DNSCache: Sendable {
  private struct Entry: Sendable {
    var answer: DNSAnswer
    var expiry: Duration
  }

  private let capacity: Int
  private var entries: [DNSQuestion: Entry] = [:]

  init(capacity: Int) { self.capacity = capacity }

  var count: Int { entries.count }

  func answer(_ question: DNSQuestion, now: Duration) -> DNSAnswer? {
    guard let entry = entries[question], now < entry.expiry else { return nil }
    return entry.answer
  }

  mutating func keep(_ answer: DNSAnswer, for question: DNSQuestion, lifetime: Duration, now: Duration) {
    if entries.count >= capacity, entries[question] == nil { makeRoom(now: now) }
    entries[question] = Entry(answer: answer, expiry: now + lifetime)
  }

  mutating func removeAll() { entries.removeAll() }

  /// Takes out what is over, or else the half that ends first.
  private mutating func makeRoom(now: Duration) {
    entries = entries.filter { $0.value.expiry > now }
    guard entries.count >= capacity else { return }
    let expiries = entries.values.map(\.expiry).sorted()
    let middle = expiries[expiries.count / 2]
    entries = entries.filter { $0.value.expiry > middle }
  }
}
