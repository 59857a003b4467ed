/// Up to 64 DTMF digits that cross a ring by plain copy.
///
/// Characters other than `0`–`9`, `*`, `#`, `A`–`D` are dropped, except `,` and `p`: a pause.
package struct DigitString: Sendable, BitwiseCopyable {
  package static var capacity: Int {
    @_noLocks get { 64 }
  }

  private var storage = InlineArray<64, UInt8>(repeating: 0)
  package private(set) var count = 0

  @_noLocks
  package init() {}

  package init(_ text: some StringProtocol) {
    for byte in text.utf8 { append(byte) }
  }

  /// The ASCII code at `index`, upper case; 0 outside `0..<count`.
  @_noLocks
  package func digit(at index: Int) -> UInt8 {
    index >= 0 && index < count ? storage[index] : 0
  }

  /// Appends an ASCII digit; false where it is none or there is no room.
  @_noLocks
  @discardableResult
  package mutating func append(_ byte: UInt8) -> Bool {
    let upper: UInt8
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "*"), UInt8(ascii: "#"), UInt8(ascii: "A")...UInt8(ascii: "D"): upper = byte
    case UInt8(ascii: "a")...UInt8(ascii: "d"): upper = byte &- 32
    case UInt8(ascii: ","), UInt8(ascii: "p"): upper = Self.pause
    default: return false
    }
    guard count < Self.capacity else { return false }
    storage[count] = upper
    count &+= 1
    return true
  }

  package static var pause: UInt8 {
    @_noLocks get { UInt8(ascii: ",") }
  }
}
