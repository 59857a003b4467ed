import CSpanDSP
package import Numbering

/// What a trunk's companding does to a sample: G.711 there and back, as one table (128 KiB, shared by all lines of an exchange).
///
/// spandsp's companding, not the gateway's own: a fault of the gateway's codec shall not be hidden by the same fault here.
package final class TrunkCoding: Sendable {
  private let table: [Int16]

  package init(country: Country) {
    // ITU-T G.711 clause 5: Japan and the United States use µ-law, the others A-law.
    let isMuLaw = country == .japan || country == .unitedStates
    table = (0..<65_536).map { pattern in
      let sample = Int32(Int16(truncatingIfNeeded: pattern))
      return isMuLaw ? ulaw_to_linear(linear_to_ulaw(sample)) : alaw_to_linear(linear_to_alaw(sample))
    }
  }

  package func coded(_ sample: Int16) -> Int16 {
    table[Int(UInt16(bitPattern: sample))]
  }
}
