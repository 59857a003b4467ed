import Yams

extension GatewayConfiguration.DestinationClass {
  var node: Node {
    YAMLBuilder.flow([
      ("name", YAMLBuilder.text(name)), ("match", YAMLBuilder.list(patterns.map { YAMLBuilder.text($0.description) })),
    ])
  }
}

extension GatewayConfiguration.Budget {
  var node: Node {
    let subjects = [("account", account), ("trunk", trunk), ("line", line), ("class", destinationClass)]
    return YAMLBuilder.flow(
      subjects.compactMap { key, value in value.map { (key, YAMLBuilder.text($0)) } }
        + [("minutes_per_day", YAMLBuilder.number(minutesPerDay))])
  }
}
