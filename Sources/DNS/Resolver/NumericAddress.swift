import Glibc

/// Addresses in numbers, which need no look-up.
package enum NumericAddress {
  package static func isNumeric(_ text: some StringProtocol) -> Bool { isIPv4(text) || isIPv6(text) }

  package static func isIPv4(_ text: some StringProtocol) -> Bool {
    var address = in_addr()
    return inet_pton(AF_INET, String(text), &address) == 1
  }

  package static func isIPv6(_ text: some StringProtocol) -> Bool {
    var address = in6_addr()
    return text.utf8.contains(0x3a) && inet_pton(AF_INET6, String(text), &address) == 1
  }
}
