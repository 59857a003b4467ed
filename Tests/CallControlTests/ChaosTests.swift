import CallControl
import Glibc
import Numbering
import SIP
import TelephonyHAL
import Testing

/// Many calls with hang-ups, faults and rings at random times: all end in records, every line comes back, no timer is left.
@Suite struct ChaosTests {
  /// `CHAOS_SEEDS` asks for more.
  private static let seeds = 1...max(getenv("CHAOS_SEEDS").flatMap { Int(String(cString: $0)) } ?? 40, 1)

  private struct Random {
    var state: UInt64

    mutating func below(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
  }

  /// Plays 20 calls; the answer is everything that the records say.
  private func play(seed: UInt64, lossPerThousand: UInt64 = 0) -> [String] {
    var random = Random(state: seed)
    let rig = Rig(lines: 3, seed: seed) {
      $0.lines[2].capabilities.reportsPolarity = false
      $0.inbound.destinations = [.uri("sip:a@192.0.2.10:5070"), .uri("sip:b@192.0.2.11:5070")]
      $0.outbound.limits.callsPerMinute = nil
    }
    rig.lossPerThousand = lossPerThousand
    let phones = ["a", "b", "c"].map { rig.addSoftphone($0, port: 5070) }
    let numbers = ["0333331234", "0333330001", "0333330002", "0333330003", "0333330004", "110", "bad", "09011112222"]
    var time = rig.now
    for _ in 0..<20 {
      time += .milliseconds(random.below(8000))
      let phone = phones[random.below(phones.count)]
      let number = numbers[random.below(numbers.count)]
      let line = LineID("line\(random.below(3) + 1)")
      switch random.below(10) {
      case 0:
        rig.at(time) { rig in
          guard rig.lines[line]?.isOffHook == false else { return }
          rig.lines[line]?.isInbound = true
          rig.lineEvent(line, .ringing(burst: 1))
        }
        rig.at(time + .seconds(3)) { rig in
          if rig.lines[line]?.isOffHook == false { rig.lineEvent(line, .ringing(burst: 2)) }
        }
        let answers = random.below(2) == 0
        rig.at(time + .milliseconds(4000 + random.below(3000))) { rig in
          if answers { rig.act(phones[0]) { $0.answer($1) } }
        }
        rig.at(time + .seconds(9)) { rig in
          rig.lines[line]?.isInbound = false
          if rig.lines[line]?.isOffHook == false {
            rig.lineEvent(line, .ringingStopped)
          } else {
            rig.lineEvent(line, .loopBroken(milliseconds: 250))
          }
        }
      case 1:
        rig.at(time) { rig in
          rig.lines[line]?.isOffHook = false
          rig.lines[line]?.onHookSince = rig.now - .seconds(10)
          rig.lineEvent(line, .failed(LineFault(kind: .audio, detail: "mute")))
        }
        rig.at(time + .milliseconds(1 + random.below(4000))) { rig in
          rig.lineEvent(line, .recovered)
          rig.lineEvent(line, .onHook)
        }
      case 2:
        rig.at(time) { rig in if rig.lines[line]?.isOffHook == true { rig.lineEvent(line, .loopBroken(milliseconds: 250)) } }
      default:
        rig.at(time) { rig in
          rig.act(phone) { phone, now in
            phone.hangUp(now)
            phone.call(number, now)
          }
        }
        rig.at(time + .milliseconds(random.below(15_000))) { rig in rig.act(phone) { $0.hangUp($1) } }
      }
    }
    rig.run(until: time + .seconds(20))
    for phone in phones { rig.act(phone) { $0.hangUp($1) } }
    for line in rig.lines.keys.sorted(by: { $0.name < $1.name }) {
      rig.lines[line]?.isInbound = false
      if rig.lines[line]?.isOffHook == false { rig.lineEvent(line, .ringingStopped) }
    }
    // What is lost for good is noticed by time-outs of 32 s, and a BYE that is not answered takes as long again.
    rig.run(for: .seconds(lossPerThousand > 0 ? 200 : 70))
    rig.expectAllIsOver()
    let counters = rig.controller.counters
    #expect(rig.records.count == counters.outbound + counters.inbound)
    #expect(counters.answered + counters.failed == rig.records.count)
    for record in rig.records {
      #expect(record.end != nil)
      #expect(record.endedAt != nil)
      #expect((record.answeredAt == nil) == (record.answer == nil) || record.direction == .inbound)
    }
    return rig.records.map { "\($0)" }
  }

  @Test(arguments: seeds) func everythingEnds(seed: Int) { _ = play(seed: UInt64(seed)) }

  @Test(arguments: seeds) func everythingEndsWhereMessagesAreLost(seed: Int) { _ = play(seed: UInt64(seed), lossPerThousand: 100) }

  @Test func aSeedReplaysExactly() { #expect(play(seed: 7, lossPerThousand: 100) == play(seed: 7, lossPerThousand: 100)) }
}
