import Protection
import Testing

@Suite("Token buckets")
struct TokenBucketTests {
  private let allowance = Allowance(burst: 3, perSecond: 2)

  private func moment(_ milliseconds: Int) -> Moment { Moment(.milliseconds(milliseconds)) }

  @Test func givesTheBurstAndThenTheRate() {
    var bucket = TokenBucket()
    var taken: [Int] = []
    for time in stride(from: 0, through: 3000, by: 100) where bucket.take(of: allowance, now: moment(time)) { taken.append(time) }
    #expect(taken == [0, 100, 200, 500, 1000, 1500, 2000, 2500, 3000])
  }

  @Test func whatIsRefusedCostsNothing() {
    var bucket = TokenBucket()
    #expect(bucket.take(3, of: allowance, now: moment(0)) == true)
    for _ in 0..<1000 { #expect(bucket.take(of: allowance, now: moment(400)) == false) }
    #expect(bucket.take(of: allowance, now: moment(500)) == true)
  }

  @Test func fillsNoHigherThanTheBurst() {
    var bucket = TokenBucket()
    #expect(bucket.take(of: allowance, now: moment(0)) == true)
    #expect(bucket.spent(of: allowance, now: moment(0)) == 1)
    #expect(bucket.spent(of: allowance, now: moment(100_000)) == 0)
    #expect(bucket.take(4, of: allowance, now: moment(100_000)) == false)
    #expect(bucket.take(3, of: allowance, now: moment(100_000)) == true)
  }

  @Test func tellsHowLongToWait() {
    var bucket = TokenBucket()
    #expect(bucket.wait(of: allowance, now: moment(0)) == .zero)
    #expect(bucket.take(3, of: allowance, now: moment(0)) == true)
    #expect(bucket.wait(of: allowance, now: moment(200)) == .milliseconds(300))
  }

  @Test func extremesDoNotTrap() {
    let slow = Allowance(burst: .max, perSecond: 0)
    var bucket = TokenBucket()
    for _ in 0..<10 { _ = bucket.take(100_000, of: slow, now: Moment(.seconds(3_000_000_000))) }
    #expect(Moment(Duration(secondsComponent: .max, attosecondsComponent: 0)) > Moment(.zero))
    #expect(Allowance(burst: 0, perSecond: .infinity).burst == 1)
  }
}
