/// The order in which the servers of a service are tried (RFC 2782, "Usage rules").
package enum ServiceOrder {
  /// Lower priorities first; among equals at random, each as likely as its weight says.
  package static func ordered(_ records: [ServiceRecord], using random: inout RandomNumbers) -> [ServiceRecord] {
    var result: [ServiceRecord] = []
    for priority in Set(records.map(\.priority)).sorted() {
      // Those of weight 0 stand first, so that they have a small chance.
      let equals = records.filter { $0.priority == priority }.shuffled(using: &random)
      var rest = equals.filter { $0.weight == 0 } + equals.filter { $0.weight > 0 }
      while !rest.isEmpty {
        let sum = rest.reduce(0) { $0 + Int($1.weight) }
        let chosen = Int.random(in: 0...sum, using: &random)
        var running = 0
        let index =
          rest.firstIndex { record in
            running += Int(record.weight)
            return running >= chosen
          } ?? 0
        result.append(rest.remove(at: index))
      }
    }
    return result
  }
}
