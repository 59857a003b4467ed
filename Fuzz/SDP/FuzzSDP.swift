// Any bytes as a session description: nothing traps, what is read can be written and read again, and every answer is a description.

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSDP(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  guard let description = try? SessionDescription(parsing: Array(UnsafeBufferPointer(start: data, count: size))) else { return 0 }
  readAgain(description)
  for security in MediaSecurity.allCases {
    let policy = AudioPolicy(address: "192.0.2.1", rtpPort: 40000, security: security, allowsKeys: true)
    negotiate(description, policy)
  }
  return 0
}

private func negotiate(_ description: SessionDescription, _ policy: AudioPolicy) {
  var callee = MediaNegotiator(sessionID: 1)
  if let answer = try? callee.answer(offer: description, policy: policy) {
    readAgain(answer.description)
    check(answer.audio)
    require(policy.security != .required || answer.audio.security != nil, "a plain stream where none is allowed")
    require(policy.security != .off || answer.audio.security == nil, "keys where none are wanted")
    require(answer.description.media.count == description.media.count, "an answer has other media lines than its offer")
    require(answer.description.media.filter { $0.port != 0 }.count == 1, "an answer takes other than one stream")
    let again = callee.offer(policy: policy)
    readAgain(again)
    require(again.media.count == description.media.count, "an offer of ours drops media lines")
    if let audio = try? callee.accept(answer: description) { check(audio) }
  }
  var caller = MediaNegotiator(sessionID: 2)
  _ = caller.offer(policy: policy)
  if let audio = try? caller.accept(answer: description) {
    check(audio)
    require(policy.security != .required || audio.security != nil, "a plain stream where none is allowed")
  }
}

private func readAgain(_ description: SessionDescription) {
  let written = description.serialize()
  // Replaced characters may grow a description beyond its limit.
  if written.count > SessionDescription.sizeLimit { return }
  require((try? SessionDescription(parsing: written)) == description, "what was written is not what was read")
}

private func check(_ audio: NegotiatedAudio) {
  require(audio.packetTime >= 10 && audio.packetTime <= 60 && audio.packetTime % 10 == 0, "a packet time that cannot be sent")
  require(audio.payloadType < 128 && audio.remotePort != 0 && !audio.remoteAddress.isEmpty, "an agreement that cannot be sent")
}
