private import RealTime

/// The discrete Fourier transform of 256 complex samples, real and imaginary parts apart (Stockham, radix 4: no bit reversal).
///
/// Factors and work space are the owner's; one for all calls of a thread.
struct FourierTransform256: @unchecked Sendable, BitwiseCopyable {
  static var length: Int { @_noLocks get { 256 } }

  /// exp(-2πi·n/256), n = 0…191; cosine and sine apart.
  private let cosine: UnsafeMutablePointer<Float>
  private let sine: UnsafeMutablePointer<Float>
  private let workReal: UnsafeMutablePointer<Float>
  private let workImaginary: UnsafeMutablePointer<Float>

  /// In 896 floats of the owner's.
  init(memory: UnsafeMutablePointer<Float>) {
    cosine = memory
    sine = memory + 192
    workReal = memory + 384
    workImaginary = memory + 640
    for index in 0..<192 {
      let angle = 2 * Float.pi * Float(index) / 256
      cosine[index] = RealTimeMath.cosine(angle)
      sine[index] = 0 - RealTimeMath.sine(angle)
    }
  }

  static var memory: Int { 896 }

  /// X[k] = Σ x[n]·exp(-2πi·kn/256), in place.
  @_noLocks
  func transform(_ real: UnsafeMutablePointer<Float>, _ imaginary: UnsafeMutablePointer<Float>) {
    first(real, imaginary, workReal, workImaginary)
    pass(workReal, workImaginary, real, imaginary, quarter: 16, stride: 4)
    pass(real, imaginary, workReal, workImaginary, quarter: 4, stride: 16)
    last(workReal, workImaginary, real, imaginary)
  }

  /// Length 256, stride 1: four neighbouring butterflies at a time; their outputs interleave.
  @_noLocks
  private func first(
    _ xr: UnsafeMutablePointer<Float>, _ xi: UnsafeMutablePointer<Float>, _ yr: UnsafeMutablePointer<Float>,
    _ yi: UnsafeMutablePointer<Float>
  ) {
    var p = 0
    while p < 64 {
      let ar = xr.vector(p)
      let ai = xi.vector(p)
      let br = xr.vector(p &+ 64)
      let bi = xi.vector(p &+ 64)
      let cr = xr.vector(p &+ 128)
      let ci = xi.vector(p &+ 128)
      let dr = xr.vector(p &+ 192)
      let di = xi.vector(p &+ 192)
      let sumACr = ar + cr
      let sumACi = ai + ci
      let sumBDr = br + dr
      let sumBDi = bi + di
      let differenceACr = ar - cr
      let differenceACi = ai - ci
      let differenceBDr = br - dr
      let differenceBDi = bi - di
      // exp(-2πi·p/256) and its square and cube, for four p.
      let w1r = cosine.vector(p)
      let w1i = sine.vector(p)
      let w2r = w1r * w1r - w1i * w1i
      let w2i = (w1r + w1r) * w1i
      let w3r = w1r * w2r - w1i * w2i
      let w3i = w1r * w2i + w1i * w2r
      let y1r = differenceACr + differenceBDi
      let y1i = differenceACi - differenceBDr
      let y2r = sumACr - sumBDr
      let y2i = sumACi - sumBDi
      let y3r = differenceACr - differenceBDi
      let y3i = differenceACi + differenceBDr
      scatter(sumACr + sumBDr, y1r * w1r - y1i * w1i, y2r * w2r - y2i * w2i, y3r * w3r - y3i * w3i, yr + 4 &* p)
      scatter(sumACi + sumBDi, y1r * w1i + y1i * w1r, y2r * w2i + y2i * w2r, y3r * w3i + y3i * w3r, yi + 4 &* p)
      p &+= 4
    }
  }

  /// Four vectors as the columns of a 4 × 4 matrix, row by row.
  @inline(__always)
  @_noLocks
  private func scatter(
    _ a: SIMD4<Float>, _ b: SIMD4<Float>, _ c: SIMD4<Float>, _ d: SIMD4<Float>, _ to: UnsafeMutablePointer<Float>
  ) {
    to.store(SIMD4(a[0], b[0], c[0], d[0]), 0)
    to.store(SIMD4(a[1], b[1], c[1], d[1]), 4)
    to.store(SIMD4(a[2], b[2], c[2], d[2]), 8)
    to.store(SIMD4(a[3], b[3], c[3], d[3]), 12)
  }

  @_noLocks
  private func pass(
    _ xr: UnsafeMutablePointer<Float>, _ xi: UnsafeMutablePointer<Float>, _ yr: UnsafeMutablePointer<Float>,
    _ yi: UnsafeMutablePointer<Float>, quarter: Int, stride: Int
  ) {
    let quarterStride = quarter &* stride
    var p = 0
    while p < quarter {
      let turn = p &* stride
      let w1r = SIMD4<Float>(repeating: cosine[turn])
      let w1i = SIMD4<Float>(repeating: sine[turn])
      let w2r = SIMD4<Float>(repeating: cosine[turn &* 2])
      let w2i = SIMD4<Float>(repeating: sine[turn &* 2])
      let w3r = SIMD4<Float>(repeating: cosine[turn &* 3])
      let w3i = SIMD4<Float>(repeating: sine[turn &* 3])
      var q = 0
      while q < stride {
        let from = stride &* p &+ q
        let ar = xr.vector(from)
        let ai = xi.vector(from)
        let br = xr.vector(from &+ quarterStride)
        let bi = xi.vector(from &+ quarterStride)
        let cr = xr.vector(from &+ 2 &* quarterStride)
        let ci = xi.vector(from &+ 2 &* quarterStride)
        let dr = xr.vector(from &+ 3 &* quarterStride)
        let di = xi.vector(from &+ 3 &* quarterStride)
        let sumACr = ar + cr
        let sumACi = ai + ci
        let sumBDr = br + dr
        let sumBDi = bi + di
        let differenceACr = ar - cr
        let differenceACi = ai - ci
        let differenceBDr = br - dr
        let differenceBDi = bi - di
        let y1r = differenceACr + differenceBDi
        let y1i = differenceACi - differenceBDr
        let y2r = sumACr - sumBDr
        let y2i = sumACi - sumBDi
        let y3r = differenceACr - differenceBDi
        let y3i = differenceACi + differenceBDr
        let to = 4 &* stride &* p &+ q
        yr.store(sumACr + sumBDr, to)
        yi.store(sumACi + sumBDi, to)
        yr.store(y1r * w1r - y1i * w1i, to &+ stride)
        yi.store(y1r * w1i + y1i * w1r, to &+ stride)
        yr.store(y2r * w2r - y2i * w2i, to &+ 2 &* stride)
        yi.store(y2r * w2i + y2i * w2r, to &+ 2 &* stride)
        yr.store(y3r * w3r - y3i * w3i, to &+ 3 &* stride)
        yi.store(y3r * w3i + y3i * w3r, to &+ 3 &* stride)
        q &+= 4
      }
      p &+= 1
    }
  }

  /// Length 4, stride 64: no factors.
  @_noLocks
  private func last(
    _ xr: UnsafeMutablePointer<Float>, _ xi: UnsafeMutablePointer<Float>, _ yr: UnsafeMutablePointer<Float>,
    _ yi: UnsafeMutablePointer<Float>
  ) {
    var q = 0
    while q < 64 {
      let ar = xr.vector(q)
      let ai = xi.vector(q)
      let br = xr.vector(q &+ 64)
      let bi = xi.vector(q &+ 64)
      let cr = xr.vector(q &+ 128)
      let ci = xi.vector(q &+ 128)
      let dr = xr.vector(q &+ 192)
      let di = xi.vector(q &+ 192)
      let sumACr = ar + cr
      let sumACi = ai + ci
      let sumBDr = br + dr
      let sumBDi = bi + di
      let differenceACr = ar - cr
      let differenceACi = ai - ci
      let differenceBDr = br - dr
      let differenceBDi = bi - di
      yr.store(sumACr + sumBDr, q)
      yi.store(sumACi + sumBDi, q)
      yr.store(differenceACr + differenceBDi, q &+ 64)
      yi.store(differenceACi - differenceBDr, q &+ 64)
      yr.store(sumACr - sumBDr, q &+ 128)
      yi.store(sumACi - sumBDi, q &+ 128)
      yr.store(differenceACr - differenceBDi, q &+ 192)
      yi.store(differenceACi + differenceBDr, q &+ 192)
      q &+= 4
    }
  }
}
