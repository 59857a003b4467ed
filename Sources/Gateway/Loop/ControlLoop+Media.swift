import CallControl
import Logging
import MediaPath
import MediaTranslation
import Numbering
import SDP
import TelephonyHAL

// Call control's words to the media plane, and back.
extension ControlLoop {
  func mediaWoke() {
    media.acknowledgeWake()
    input { controller, now in
      while let event = media.nextEvent() {
        switch event {
        case .path(let event):
          if let event = MediaEvent(event) { controller.media(event, now: now) }
        case .closed(let id, let statistics):
          let call = CallID(rawValue: id.rawValue)
          totals.add(statistics)
          let kind = streams.removeValue(forKey: call)
          controller.media(.closed(call, MediaStatistics(statistics, codec: kind?.codec, security: kind?.security)), now: now)
        }
      }
    }
  }

  func perform(_ command: MediaCommand) {
    let call = MediaCallID(rawValue: command.call.rawValue)
    switch command {
    case .open(let id): open(id, call)
    case .configure(let id, let description):
      streams[id] = StreamKind(codec: description.codec, security: description.security?.suite)
      media.perform(.configure(PathDescription(description)), on: call)
    case .connect(_, let line):
      guard let audio = lines[line]?.audio, let plan = lines.plan(of: line) else { return }
      media.connect(call, to: audio, plan: plan, processing: lines.processing(of: line))
    case .disconnect: media.perform(.disconnect, on: call)
    case .dial(let id, let digits):
      let limits = plan(of: id)?.dtmf ?? .standard
      let string = DigitString(digits)
      media.perform(.dial(string, toneMilliseconds: limits.sendMilliseconds, gapMilliseconds: limits.pauseMilliseconds), on: call)
    case .sendDigit(_, let key, let side, let milliseconds):
      guard let code = key.asciiValue else { return }
      media.perform(.sendDigit(code, to: MediaPath.MediaSide(side), milliseconds: milliseconds), on: call)
    case .detect(_, let detectors): media.perform(.detect(PathDetectors(rawValue: detectors.rawValue)), on: call)
    case .bridge(_, let mode): media.perform(.bridge(MediaBridge(mode)), on: call)
    case .playToLine(let id, .tone(let kind)):
      guard let plan = plan(of: id), let tone = media.clips.tone(kind, of: plan) else { return }
      media.perform(.playClip(tone.clip, loops: tone.loops, to: .line), on: call)
    case .stopPlaying: media.perform(.stopPlaying(.line), on: call)
    case .close: media.perform(.close, on: call)
    }
  }

  private func open(_ id: CallID, _ call: MediaCallID) {
    do throws(MediaEngineError) {
      let ports = try media.open(call)
      if let holdAudio { media.perform(.holdAudio(holdAudio), on: call) }
      input { $0.media(.opened(id, rtpPort: ports.rtp, rtcpPort: ports.rtcp), now: $1) }
    } catch {
      log.warning("no media path", ["call": "\(presenter.text(of: id))", "reason": "\(error)"])
      input { $0.media(.openFailed(id, error.description), now: $1) }
    }
  }

  private func plan(of id: CallID) -> TonePlan? {
    controller.runningCall(id)?.line.flatMap { lines.plan(of: $0) }
  }

  /// What a running call's path has counted so far.
  func statistics(of id: CallID) -> MediaStatistics? {
    media.statistics(of: MediaCallID(rawValue: id.rawValue)).map {
      MediaStatistics($0, codec: streams[id]?.codec, security: streams[id]?.security)
    }
  }
}

/// What a call's session has agreed on.
struct StreamKind: Sendable {
  var codec: AudioCodec
  /// nil: plain RTP.
  var security: CryptoSuite?
}

/// Packets of all calls since the start.
struct MediaTotals: Sendable {
  var packetsReceived = 0
  var packetsSent = 0
  var packetsFromStrangers = 0
  var packetsUnauthentic = 0
  var packetsReplayed = 0

  mutating func add(_ statistics: PathStatistics) {
    packetsReceived += Int(statistics.packetsReceived)
    packetsSent += Int(statistics.packetsSent)
    packetsFromStrangers += Int(statistics.packetsFromStrangers)
    packetsUnauthentic += Int(statistics.packetsUnauthentic)
    packetsReplayed += Int(statistics.packetsReplayed)
  }
}
