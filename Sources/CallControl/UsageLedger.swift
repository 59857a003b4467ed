package import TelephonyHAL

/// What limits and budgets have been used: calls begun in the last minute, talk in the last 24 hours.
///
/// Talk is kept in slots of ten minutes, so that a day of it takes the same room however many calls there were; a slot counts until all of
/// it is 24 hours old.
package struct UsageLedger: Sendable {
  package enum Party: Hashable, Sendable {
    case everybody
    case account(String)
    case trunk(String)
    case line(LineID)
  }

  /// Of whom, to which class of numbers; nil: to all.
  package struct Account: Hashable, Sendable {
    package var party: Party
    package var destinationClass: String?

    package init(party: Party, destinationClass: String? = nil) {
      self.party = party
      self.destinationClass = destinationClass
    }
  }

  private struct Slot {
    var number: Int64
    var talk: Duration
  }

  private static let minute = Duration.seconds(60)
  private static let slotSeconds: Int64 = 600
  private static let slotsPerDay: Int64 = 24 * 6

  private var begun: [Duration] = []
  /// Those before it are over a minute old.
  private var firstBegun = 0
  /// Each in the order of time.
  private var slots: [Account: [Slot]] = [:]

  package init() {}

  /// Counts a call unless `limit` calls were begun in the last 60 s; false: they were.
  package mutating func begin(limit: Int?, now: Duration) -> Bool {
    guard let limit else { return true }
    while firstBegun < begun.count, begun[firstBegun] <= now - Self.minute { firstBegun += 1 }
    // What is over is thrown away when it is half of all, so that a call does not move those of a whole minute.
    if firstBegun * 2 > begun.count {
      begun.removeFirst(firstBegun)
      firstBegun = 0
    }
    guard begun.count - firstBegun < limit else { return false }
    begun.append(now)
    return true
  }

  /// Writes down talk that ended at `time`, which may be before the beginning of time (negative).
  package mutating func add(_ length: Duration, of spending: Spending, at time: Duration) {
    guard length > .zero else { return }
    let number = Self.slot(time)
    for account in spending.accounts { add(length, to: account, slot: number) }
  }

  /// Talk of the last 24 hours.
  package func used(_ account: Account, now: Duration) -> Duration {
    let oldest = Self.slot(now) - Self.slotsPerDay
    return slots[account, default: []].reduce(.zero) { $1.number >= oldest ? $0 + $1.talk : $0 }
  }

  private mutating func add(_ length: Duration, to account: Account, slot number: Int64) {
    var list = slots[account] ?? []
    let place = list.lastIndex { $0.number <= number } ?? -1
    if place >= 0, list[place].number == number {
      list[place].talk += length
    } else {
      list.insert(Slot(number: number, talk: length), at: place + 1)
    }
    if let newest = list.last?.number, let first = list.firstIndex(where: { $0.number >= newest - Self.slotsPerDay }) {
      list.removeFirst(first)
    }
    slots[account] = list
  }

  private static func slot(_ time: Duration) -> Int64 {
    let seconds = time.components.seconds
    return seconds >= 0 ? seconds / slotSeconds : (seconds + 1) / slotSeconds - 1
  }
}
