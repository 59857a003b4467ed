package import TelephonyHAL

/// Minutes of outbound talk that somebody or something has in any 24 hours; emergency calls neither need nor use any.
package struct Budget: Hashable, Sendable {
  package enum Subject: Hashable, Sendable {
    /// All calls together.
    case everybody
    case account(String)
    /// Each account for itself.
    case everyAccount
    /// Calls that came by a trunk.
    case trunk(String)
    case line(LineID)
    /// Each line for itself.
    case everyLine
  }

  package var subject: Subject
  /// Only calls to numbers of this class count, and only they are refused; nil: all.
  package var destinationClass: String?
  /// 0: such calls are refused.
  package var minutesPerDay: Int

  package init(_ subject: Subject, destinationClass: String? = nil, minutesPerDay: Int) {
    self.subject = subject
    self.destinationClass = destinationClass
    self.minutesPerDay = minutesPerDay
  }

  package var allowance: Duration { .seconds(60) * max(minutesPerDay, 0) }

  /// Whose talk counts toward it when this call talks; nil: the call does not concern it.
  func account(of call: Spending) -> UsageLedger.Account? {
    if let destinationClass, !call.classes.contains(destinationClass) { return nil }
    let party: UsageLedger.Party
    switch subject {
    case .everybody: party = .everybody
    case .account(let name) where call.account == name: party = .account(name)
    case .everyAccount:
      guard let name = call.account else { return nil }
      party = .account(name)
    case .trunk(let name) where call.trunk == name: party = .trunk(name)
    case .line(let line) where call.line == line: party = .line(line)
    case .everyLine:
      guard let line = call.line else { return nil }
      party = .line(line)
    case .account, .trunk, .line: return nil
    }
    return UsageLedger.Account(party: party, destinationClass: destinationClass)
  }
}

/// Who talks to what over which line: all that budgets ask about a call.
package struct Spending: Hashable, Sendable {
  package var account: String?
  package var trunk: String?
  package var line: LineID?
  /// Of the number that is called.
  package var classes: [String]

  package init(account: String? = nil, trunk: String? = nil, line: LineID? = nil, classes: [String] = []) {
    self.account = account
    self.trunk = trunk
    self.line = line
    self.classes = classes
  }

  /// Everywhere its talk is written down.
  var accounts: [UsageLedger.Account] {
    var parties: [UsageLedger.Party] = [.everybody]
    if let account { parties.append(.account(account)) }
    if let trunk { parties.append(.trunk(trunk)) }
    if let line { parties.append(.line(line)) }
    return parties.flatMap { party in
      [UsageLedger.Account(party: party, destinationClass: nil)]
        + classes.map { UsageLedger.Account(party: party, destinationClass: $0) }
    }
  }
}
