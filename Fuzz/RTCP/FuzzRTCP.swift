// Any datagram as an RTCP compound: nothing traps, no byte outside it is read, and the walk ends.

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRTCP(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  let bytes = UnsafeRawBufferPointer(start: UnsafeRawPointer(data), count: size)
  var reader = RTCPReader(bytes)
  var packets = 0
  while let packet = try? reader.next() {
    packets += 1
    require(packets <= size / 4, "the walk does not move on")
    switch packet {
    case .senderReport(let source, _, let blocks), .receiverReport(let source, let blocks):
      for index in -1...32 { _ = blocks.block(at: index)?.roundTrip(now: NTPTime(value: UInt64(source) << 20)) }
      _ = blocks.block(about: source)
    case .sourceDescription(_, let name): _ = name.reduce(0, &+)
    case .bye: break
    case .extendedReport(let source, let blocks):
      _ = blocks.voiceMetrics(about: source)
      _ = blocks.voiceMetrics(about: 0)
    case .other(_, let body): _ = body.reduce(0, &+)
    }
  }
  return 0
}
