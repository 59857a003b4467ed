import CAllocationCounter
import RTP
import RealTime
import Testing

@Suite("SRTP allocates nothing", .serialized)
struct SRTPAllocationTests {
  /// Everything a session may go through: packets both ways, new keys, replays, torn packets, reports.
  @Test(arguments: SRTPSuite.allCases)
  func neitherAllocatesNorLocks(_ suite: SRTPSuite) throws {
    var generator = SeededGenerator(seed: 4)
    func key() throws -> SRTPMasterKey { try #require(SRTPMasterKey(suite.randomKey(using: &generator), suite: suite)) }
    let (one, two, three) = (try key(), try key(), try key())
    var session = SRTPSession(suite: suite)
    var peer = SRTPSession(suite: suite)
    let packet = UnsafeMutableRawBufferPointer.allocate(byteCount: 256, alignment: 16)
    packet.initializeMemory(as: UInt8.self, repeating: 0)
    defer { packet.deallocate() }
    var accepted = 0
    var rejected = 0
    allocation_counter_start()
    var round = 0
    while round < 20_000 {
      let sent = round & 1_000 == 0 ? one : three
      _ = peer.secure(SRTPKeys(suite: suite, send: sent, receive: two), now: .zero)
      _ = session.secure(SRTPKeys(suite: suite, send: two, receive: sent), now: .zero)
      let isControl = round % 10 == 0
      // What was encrypted in the last round goes.
      for index in 0..<172 { packet[index] = 0 }
      packet[0] = 0x80
      packet[1] = isControl ? 200 : 0
      packet[2] = UInt8(truncatingIfNeeded: round >> 8)
      packet[3] = UInt8(truncatingIfNeeded: round)
      let size = peer.protect(packet, count: 172, isControl: isControl)
      if round % 5 == 0 { packet[20] ^= 1 }
      let bytes = UnsafeRawBufferPointer(start: packet.baseAddress, count: size)
      for _ in 0..<2 {
        switch session.unprotect(bytes, isControl: isControl, now: .zero) {
        case .success: accepted &+= 1
        case .failure: rejected &+= 1
        }
      }
      round &+= 1
    }
    let counts = allocation_counter_stop()
    #expect(counts.allocations == 0 && counts.frees == 0 && counts.locks == 0, "\(counts)")
    #expect(accepted == 16_000 && rejected == 24_000, "\(accepted) \(rejected)")
  }

  @Test func theCounterCounts() {
    allocation_counter_start()
    let memory = [Int](repeating: accepted, count: accepted + 1)
    let counts = allocation_counter_stop()
    #expect(counts.allocations >= 1 && memory.count > 0)
  }

  private var accepted: Int { Int.random(in: 1...1) }
}
