import SIP
import Testing

struct RegistrationBackoffTests {
  /// RFC 5626 §4.5: 30 s × 2^failures, at most 1,800 s; the wait is between half of that and all of it.
  @Test(arguments: [(0, 30), (1, 60), (2, 120), (3, 240), (4, 480), (5, 960), (6, 1800), (7, 1800), (1000, 1800)])
  func boundGrows(failures: Int, seconds: Int) {
    var backoff = RegistrationBackoff(RegistrationBackoff.Times())
    for _ in 0..<failures { backoff.failed() }
    #expect(backoff.bound == .seconds(seconds))
    #expect(backoff.wait(draw: 0) == .seconds(seconds) / 2)
    #expect(backoff.wait(draw: 1000) == .seconds(seconds))
    #expect(backoff.wait(draw: 500) == .seconds(seconds) * 3 / 4)
  }

  @Test func successBeginsAnew() {
    var backoff = RegistrationBackoff(RegistrationBackoff.Times())
    for _ in 0..<5 { backoff.failed() }
    backoff.succeeded()
    #expect(backoff.bound == .seconds(30))
    #expect(backoff.failures == 0)
  }

  @Test func aBaseAboveTheMaximumIsCut() {
    var times = RegistrationBackoff.Times()
    times.base = .seconds(60)
    times.maximum = .seconds(10)
    #expect(RegistrationBackoff(times).bound == .seconds(10))
  }
}
