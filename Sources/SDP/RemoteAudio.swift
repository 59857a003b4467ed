/// One audio stream of a peer's description, read.
struct RemoteAudio {
  var index: Int
  var address: String
  var port: UInt16
  var rtcpAddress: String
  var rtcpPort: UInt16
  var hasRTCPMux: Bool
  /// VoIP metrics among the blocks that the peer asks for (RFC 3611, 5.1).
  var asksForVoiceMetrics: Bool
  /// The peer's direction, with an unspecified address taken as "do not send to me" (RFC 3264 8.4).
  var direction: MediaDirection
  /// Our codecs among the formats, in the peer's order.
  var codecs: [(codec: AudioCodec, payloadType: UInt8)]
  /// The first of each clock.
  var eventFormats: [EventFormat] = []
  var opus = OpusFormat()
  /// `a=ptime` and `a=maxptime` in ms; nil when absent or malformed.
  var packetTime: Int?
  var maximumPacketTime: Int?

  /// Reads the m= line at the index.
  init(_ description: SessionDescription, _ index: Int, codecs allowed: [AudioCodec]) throws(NegotiationRejection) {
    let media = description.media[index]
    guard let connection = media.connection ?? description.connection, connection.networkType == "IN",
      connection.addressType == "IP4" || connection.addressType == "IP6"
    else { throw NegotiationRejection(.noUsableAddress) }
    self.index = index
    address = connection.address
    port = media.port
    hasRTCPMux = media.attributes.value("rtcp-mux") != nil
    asksForVoiceMetrics = (description.attributes.values("rtcp-xr") + media.attributes.values("rtcp-xr")).contains {
      $0.split(separator: " ").contains("voip-metrics")
    }
    (rtcpAddress, rtcpPort) = RemoteAudio.rtcp(media, connection)
    let stated = RemoteAudio.direction(media.attributes) ?? RemoteAudio.direction(description.attributes) ?? .sendReceive
    direction = connection.isUnspecified ? stated.intersection(.sendOnly) : stated
    packetTime = RemoteAudio.milliseconds(media.attributes.value("ptime") ?? description.attributes.value("ptime"))
    maximumPacketTime = RemoteAudio.milliseconds(media.attributes.value("maxptime") ?? description.attributes.value("maxptime"))

    var maps: [UInt8: RTPMap] = [:]
    for (payloadType, map) in media.attributes.values("rtpmap").compactMap(RTPMap.parse) where maps[payloadType] == nil {
      maps[payloadType] = map
    }
    codecs = []
    var seen: Set<UInt8> = []
    for format in media.formats {
      guard let payloadType = UInt8(format), payloadType < 128, seen.insert(payloadType).inserted,
        let map = maps[payloadType] ?? RTPMap.staticMap(payloadType)
      else { continue }
      if let codec = map.codec, allowed.contains(codec) {
        if codec == .opus, !codecs.contains(where: { $0.codec == .opus }) {
          opus = OpusFormat(parsing: RemoteAudio.parameters(media, payloadType) ?? "")
        }
        codecs.append((codec, payloadType))
      } else if map.encoding == "TELEPHONE-EVENT", !eventFormats.contains(where: { $0.clockRate == map.clockRate }) {
        let events = RemoteAudio.parameters(media, payloadType).map(TelephoneEventSet.init(parsing:)) ?? .keys
        if events.bits != 0 { eventFormats.append(EventFormat(payloadType: payloadType, clockRate: map.clockRate, events: events)) }
      }
    }
  }

  /// ms of audio to put into a packet for this peer: what it asks for, as far as we and the codec can, else our default.
  func packetTimeToSend(default ours: Int, codec: AudioCodec) -> Int {
    var time = codec.packetTime(packetTime ?? ours)
    if let maximumPacketTime { time = min(time, maximumPacketTime) }
    time = min(60, max(10, time / 10 * 10))
    // Opus has no frames of 30 and 50 ms (RFC 6716, 2.1.4).
    return codec == .opus && (time == 30 || time == 50) ? time - 10 : time
  }

  /// The codec that an offer is answered with: the first of ours, but of the two laws of G.711 the peer's first.
  func choice(of ours: [AudioCodec]) -> (codec: AudioCodec, payloadType: UInt8)? {
    func rank(_ codec: AudioCodec) -> Int {
      ours.firstIndex { $0 == codec || ($0.isG711 && codec.isG711) } ?? ours.count
    }
    return codecs.min { rank($0.codec) < rank($1.codec) }
  }

  private static func rtcp(_ media: SessionDescription.Media, _ connection: SessionDescription.Connection) -> (String, UInt16) {
    let usual = media.port < 65535 ? media.port + 1 : media.port
    guard let value = media.attributes.value("rtcp") else { return (connection.address, usual) }
    // RFC 3605: port [IN IP4|IP6 address].
    let words = value.split(separator: " ").map(String.init)
    guard let port = words.first.flatMap({ UInt16($0) }), port > 0 else { return (connection.address, usual) }
    let hasAddress = words.count == 4 && words[1] == "IN" && (words[2] == "IP4" || words[2] == "IP6")
    return (hasAddress ? words[3] : connection.address, port)
  }

  private static func direction(_ attributes: [SessionDescription.Attribute]) -> MediaDirection? {
    for attribute in attributes where attribute.value == nil {
      if let direction = MediaDirection(rawValue: attribute.name) { return direction }
    }
    return nil
  }

  private static func milliseconds(_ value: String?) -> Int? {
    guard let word = value?.split(separator: " ").first, let number = Double(word), number >= 1, number <= 10_000 else { return nil }
    return Int(number)
  }

  private static func parameters(_ media: SessionDescription.Media, _ payloadType: UInt8) -> String? {
    for value in media.attributes.values("fmtp") {
      let words = value.split(separator: " ", maxSplits: 1)
      if words.count == 2, UInt8(words[0]) == payloadType { return String(words[1]) }
    }
    return nil
  }
}
