import Numbering
import Testing

struct PrefixTableTests {
  private func table(_ patterns: String...) throws -> PrefixTable<String> {
    try PrefixTable(patterns.map { (pattern: $0, value: $0) })
  }

  @Test func theLongestMatchWins() throws {
    let table = try table("*", "+*", "+81*", "+813*", "+8133*", "110", "+81333331234")
    #expect(table.longestMatch("+81333331234") == "+81333331234")
    #expect(table.longestMatch("+813333312345") == "+8133*")
    #expect(table.longestMatch("+81344441234") == "+813*")
    #expect(table.longestMatch("+81612345678") == "+81*")
    #expect(table.longestMatch("+442079460018") == "+*")
    #expect(table.longestMatch("110") == "110")
    #expect(table.longestMatch("1100") == "*")
    #expect(table.longestMatch("") == "*")
    #expect(table.longestMatchedPattern("+81612345678")?.symbols == 3)
  }

  @Test func nothingMatchesWithoutADefault() throws {
    let table = try table("+81*")
    #expect(table.longestMatch("+82") == nil)
    #expect(table.longestMatch("+8") == nil)
    #expect(table.longestMatch("81") == nil)
    #expect(PrefixTable<Int>().longestMatch("+81") == nil)
  }

  @Test func anExactPatternWinsOverItsPrefix() throws {
    let table = try table("110*", "110", "*21#", "*21*")
    #expect(table.longestMatch("110") == "110")
    #expect(table.longestMatch("1101") == "110*")
    #expect(table.longestMatch("*21#") == "*21#")
    #expect(table.longestMatch("*21") == "*21*")
  }

  @Test func leadingZerosCount() throws {
    let table = try table("0*", "00*")
    #expect(table.longestMatch("0333") == "0*")
    #expect(table.longestMatch("0033") == "00*")
  }

  @Test func aLongNumberStillMatchesItsPrefix() throws {
    let table = try table("+81*")
    #expect(table.longestMatch("+81" + String(repeating: "0", count: 100)) == "+81*")
    #expect(table.longestMatch("+81x") == "+81*")
  }

  @Test func insertReplacesAndRemoveTakesOut() throws {
    var table = try table("+81*")
    try table.insert("new", for: "+81*")
    #expect(table.count == 1)
    #expect(table.longestMatch("+813") == "new")
    #expect(table.remove("+81*") == "new")
    #expect(table.remove("+81*") == nil)
    #expect(table.remove("x") == nil)
    #expect(table.longestMatch("+813") == nil)
  }

  @Test(arguments: [
    ("", PatternError.empty),
    ("+81x*", .unexpectedSymbol("x", in: "+81x*")),
    ("8+1*", .unexpectedSymbol("+", in: "8+1*")),
    ("1234567890123456", .tooLong("1234567890123456")),
  ])
  func badPatternsSayWhy(_ pattern: String, _ error: PatternError) {
    #expect(throws: error) { try table(pattern) }
    #expect(!error.description.isEmpty)
  }

  @Test func agreesWithASearchThroughAllPatterns() throws {
    var generator = SeededGenerator(state: 7)
    var patterns: Set<String> = ["*"]
    for _ in 0..<3000 {
      let digits = String((0..<Int.random(in: 1...9, using: &generator)).map { _ in "0123".randomElement(using: &generator) ?? "0" })
      patterns.insert(Bool.random(using: &generator) ? digits + "*" : digits)
    }
    let table = try PrefixTable(patterns.map { (pattern: $0, value: $0) })
    for _ in 0..<500 {
      let number = String((0..<Int.random(in: 0...12, using: &generator)).map { _ in "0123".randomElement(using: &generator) ?? "0" })
      let expected = patterns.filter { $0.hasSuffix("*") ? number.hasPrefix($0.dropLast()) : number == $0 }
        .max { ($0.count, $0.hasSuffix("*") ? 0 : 2) < ($1.count, $1.hasSuffix("*") ? 0 : 2) }
      let expectedExact = patterns.contains(number) ? number : expected
      #expect(table.longestMatch(number) == expectedExact, "\(number)")
    }
  }
}

/// SplitMix64: the same sequence for the same seed.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
