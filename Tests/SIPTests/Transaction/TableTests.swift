import SIP
import Testing

@Suite struct TableTests {
  @Test func holdsWhatADictionaryHolds() {
    var table = Table<Int, String>()
    var dictionary: [Int: String] = [:]
    var state: UInt64 = 11
    for step in 0..<20_000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let key = Int(state >> 40) % 97
      switch Int(state >> 33) % 5 {
      case 0:
        let removed = table.removeValue(forKey: key)
        #expect(removed == dictionary.removeValue(forKey: key))
      case 1:
        table[key] = nil
        dictionary[key] = nil
      case 2:
        table[key]?.append("+")
        dictionary[key]?.append("+")
      case 3:
        let answer = table.update(key) { value in
          value = "changed \(step)"
          return step
        }
        #expect(answer == dictionary[key].map { _ in step })
        if dictionary[key] != nil { dictionary[key] = "changed \(step)" }
      default:
        table[key] = "value \(step)"
        dictionary[key] = "value \(step)"
      }
      #expect(table[key] == dictionary[key])
      #expect(table.count == dictionary.count)
    }
    #expect(Set(table.keys) == Set(dictionary.keys))
    #expect(table.values.sorted() == dictionary.values.sorted())
  }

  @Test func aCopyIsItsOwn() {
    var table: Table<Int, String> = [1: "one", 2: "two"]
    let copy = table
    table[1] = "changed"
    table.removeValue(forKey: 2)
    #expect(copy[1] == "one")
    #expect(copy[2] == "two")
    #expect(table[1] == "changed")
    #expect(table[2] == nil)
  }

  @Test func whatIsTakenKeepsItsPlace() {
    var table: Table<Int, String> = [1: "one"]
    let taken = table.take(1)
    #expect(taken == "one")
    #expect(table[1] == nil)
    #expect(table.count == 1)
    let again = table.take(1)
    #expect(again == nil)
    table[1] = "back"
    #expect(table[1] == "back")
    #expect(table.count == 1)
    // Taken out and given up.
    _ = table.take(1)
    let removed = table.removeValue(forKey: 1)
    #expect(removed == nil)
    #expect(table.isEmpty)
  }
}
