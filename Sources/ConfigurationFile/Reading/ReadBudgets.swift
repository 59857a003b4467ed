extension ConfigurationLoader {
  /// `outbound.classes` and `outbound.budgets`.
  static func readBudgets(_ section: Section, lines: [GatewayConfiguration.Line], into outbound: inout GatewayConfiguration.Outbound) {
    for node in section.list("classes") {
      guard let entry = node.section(allowing: ["name", "match"]), let found = readClass(entry) else { continue }
      if ["national", "international"].contains(found.name) {
        entry.problem("\"\(found.name)\" is there without, by the country code", at: "name")
      } else if outbound.classes.contains(where: { $0.name == found.name }) {
        entry.problem("the class \"\(found.name)\" is given twice", at: "name")
      } else {
        outbound.classes.append(found)
      }
    }
    let classes = outbound.classes.map(\.name) + ["international", "national"]
    let keys = ["account", "trunk", "line", "class", "minutes_per_day"]
    for node in section.list("budgets") {
      guard let entry = node.section(allowing: keys), let budget = readBudget(entry, classes: classes, lines: lines) else { continue }
      if outbound.budgets.contains(where: { $0.isForTheSame(as: budget) }) { entry.problem("this budget is given twice") }
      outbound.budgets.append(budget)
    }
  }

  private static func readClass(_ section: Section) -> GatewayConfiguration.DestinationClass? {
    guard let name = section["name"]?.text, !name.isEmpty else {
      section.problem("missing name")
      return nil
    }
    let nodes = section["match"]?.oneOrMore ?? []
    if nodes.isEmpty { section.problem("missing match") }
    let patterns = nodes.compactMap { node -> NumberPattern? in
      guard let text = node.text else { return nil }
      guard let pattern = NumberPattern(text) else {
        node.problem("\"\(text)\" is no pattern; expected a number or its beginning and *: \"+81990*\"")
        return nil
      }
      return pattern
    }
    return GatewayConfiguration.DestinationClass(name: name, patterns: patterns)
  }

  private static func readBudget(
    _ section: Section, classes: [String], lines: [GatewayConfiguration.Line]
  ) -> GatewayConfiguration.Budget? {
    var budget = GatewayConfiguration.Budget()
    section.read("account", into: &budget.account)
    section.read("trunk", into: &budget.trunk)
    section.read("line", into: &budget.line)
    section.read("class", into: &budget.destinationClass)
    if [budget.account, budget.trunk, budget.line].compactMap({ $0 }).count > 1 {
      section.problem("a budget is of one account, one trunk or one line; give one of them")
    }
    if let account = budget.account, account != "*", let node = section["account"] {
      section.context.accountReferences.append((node, account))
    }
    if let line = budget.line, line != "*", !lines.contains(where: { $0.name == line }) {
      section.problem("there is no line \"\(line)\"", at: "line")
    }
    if let name = budget.destinationClass, !classes.contains(name) {
      section.problem("there is no class \"\(name)\"; there is: \(classes.joined(separator: ", "))", at: "class")
    }
    guard section["minutes_per_day"] != nil else {
      section.problem("missing minutes_per_day")
      return nil
    }
    section.read("minutes_per_day", in: 0...10_000_000, into: &budget.minutesPerDay)
    return budget
  }
}

extension GatewayConfiguration.Budget {
  fileprivate func isForTheSame(as other: Self) -> Bool {
    account == other.account && trunk == other.trunk && line == other.line && destinationClass == other.destinationClass
  }
}
