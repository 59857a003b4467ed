import SIP
import TelephonyHAL

// What may still be talked today: asked before a call, and watched while it runs.
extension CallController {
  /// The budgets of a configuration, that of all calls together with them.
  static func budgets(of outbound: CallControlConfiguration.Outbound) -> [Budget] {
    outbound.budgets + (outbound.limits.minutesPerDay.map { [Budget(.everybody, minutesPerDay: $0)] } ?? [])
  }

  /// The first budget that has nothing left for such a call; nil: it may be made.
  func spentBudget(for spending: Spending, _ now: Duration) -> Budget? {
    guard !budgets.isEmpty else { return nil }
    return budgets.first { budget in
      guard let account = budget.account(of: spending) else { return false }
      return budget.allowance <= usage.used(account, now: now) + running(on: account, now)
    }
  }

  /// Talk of calls that are not over yet, as it stands.
  private func running(on account: UsageLedger.Account, _ now: Duration) -> Duration {
    calls.values.reduce(.zero) { sum, call in
      guard call.usesBudgets, let answered = call.record.answeredAt, call.spending.accounts.contains(account) else { return sum }
      return sum + (now - answered)
    }
  }

  /// Takes a line from the pool that may still be talked on; lines that may not are passed over.
  mutating func takeFromPool(_ call: Call, waiting: Int, _ now: Duration) -> LinePool.Selection {
    var excluded = call.triedLines
    while true {
      let selection = pool.take(from: call.groups, excluding: excluded, waiting: waiting, for: call.id)
      guard case .line(let line) = selection, !call.record.isEmergency, hasLineBudgets else { return selection }
      var spending = call.spending
      spending.line = line
      guard spentBudget(for: spending, now) != nil else { return selection }
      pool.rest(line, now: now)
      excluded.insert(line)
    }
  }

  private var hasLineBudgets: Bool {
    budgets.contains { budget in
      switch budget.subject {
      case .line, .everyLine: true
      case .everybody, .account, .everyAccount, .trunk: false
      }
    }
  }

  mutating func noteUsage(_ id: CallID, _ now: Duration) {
    guard let call = calls[id], call.record.direction == .outbound, !call.record.isEmergency else { return }
    usage.add(call.record.talkTime, of: call.spending, at: now)
    watchBudgets(now)
  }

  /// Sets the time at which the first budget will be spent, with as many calls talking on it as now.
  mutating func watchBudgets(_ now: Duration) {
    guard !budgets.isEmpty else { return }
    let due = talkOnBudgets(now).map { now + max($0.left, .zero) / $0.calls.count }.min()
    deadlines.set(.budgets, to: due)
  }

  /// A budget may be spent: what talks on it ends.
  mutating func budgetsAreDue(_ now: Duration) {
    for talk in talkOnBudgets(now) where talk.left <= .zero {
      for id in talk.calls {
        end(id, EndReason(.budgetSpent, by: .gateway, because: "the \(talk.budget.inWords) were spent"), now)
      }
    }
    watchBudgets(now)
  }

  private struct Talk {
    var budget: Budget
    var calls: [CallID]
    var left: Duration
  }

  private struct Place: Hashable {
    var budget: Int
    var account: UsageLedger.Account
  }

  /// What is being talked on each budget; oldest calls first.
  private func talkOnBudgets(_ now: Duration) -> [Talk] {
    var talks: [Place: Talk] = [:]
    for call in calls.values where call.usesBudgets {
      guard let answered = call.record.answeredAt else { continue }
      for (index, budget) in budgets.enumerated() {
        guard let account = budget.account(of: call.spending) else { continue }
        let place = Place(budget: index, account: account)
        var talk = talks[place] ?? Talk(budget: budget, calls: [], left: budget.allowance - usage.used(account, now: now))
        talk.calls.append(call.id)
        talk.left -= now - answered
        talks[place] = talk
      }
    }
    return talks.values.map { talk in
      var talk = talk
      talk.calls.sort()
      return talk
    }.sorted { ($0.calls.first?.rawValue ?? 0, $0.budget.minutesPerDay) < ($1.calls.first?.rawValue ?? 0, $1.budget.minutesPerDay) }
  }
}

extension Call {
  /// Outbound, no emergency, not over.
  var usesBudgets: Bool { record.direction == .outbound && !record.isEmergency && !isOver }

  var spending: Spending { Spending(account: record.account, trunk: record.trunk, line: line ?? record.line, classes: destinationClasses) }
}

extension Budget {
  /// For people: `10 minutes a day of account bob for premium numbers`.
  package var inWords: String {
    let whose =
      switch subject {
      case .everybody: ""
      case .account(let name): " of account \(name)"
      case .everyAccount: " of an account"
      case .trunk(let name): " of trunk \(name)"
      case .line(let line): " of \(line.name)"
      case .everyLine: " of a line"
      }
    return "\(minutesPerDay) minutes a day\(whose)" + (destinationClass.map { " for \($0) numbers" } ?? "")
  }
}
