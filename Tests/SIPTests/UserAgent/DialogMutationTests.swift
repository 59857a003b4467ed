import Foundation
import SIP
import Testing

/// 10⁵ random mutations of valid dialogs: no trap, no dialog that stays, no memory that grows.
///
/// With `KAKEHASHI_LONG=1` there are 10⁵ dialogs with some ten mutations each.
@Suite(.serialized)
struct DialogMutationTests {
  private static let isLong = ProcessInfo.processInfo.environment["KAKEHASHI_LONG"] == "1"

  @Test(arguments: 0..<10)
  func nothingIsLeftOfMutatedDialogs(_ seed: UInt64) {
    let run = DialogMutations(seed: seed)
    var memoryBefore = 0
    while Self.isLong ? run.dialogs < 10_000 : run.mutations < 10_000 {
      run.play()
      if run.dialogs == 200 { memoryBefore = Self.memoryBytes }
      guard run.problems.isEmpty else { break }
    }
    #expect(run.problems == [], "seed \(seed)")
    // Most of the calls come about, or it would not be dialogs that are mutated.
    #expect(run.answered * 3 > run.dialogs, "\(run.answered) answered calls in \(run.dialogs) dialogs")
    #expect(run.mutations >= 10_000)
    // Other suites of this process allocate as well; a leak of 1 kB a dialog shows in the long run.
    if Self.isLong { #expect(Self.memoryBytes - memoryBefore < 8 << 20, "resident \(memoryBefore) → \(Self.memoryBytes) bytes") }
  }

  /// What is resident, in bytes.
  private static var memoryBytes: Int {
    let fields = (try? String(contentsOfFile: "/proc/self/statm", encoding: .ascii))?.split(separator: " ") ?? []
    return fields.count > 1 ? (Int(fields[1]) ?? 0) * 4096 : 0
  }
}
