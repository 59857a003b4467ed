// What we are called, towards whom.
extension UserAgent {
  /// What Via, Contact and Record-Route say of us towards a destination: the local address to networks of ours, the public one to others.
  package func localAddress(towards destination: Destination) -> SIPAddress {
    var address: SIPAddress
    switch destination {
    case .flow(let flow):
      address = flow.local
      // The near end of a connection that we opened takes no calls: the listener does.
      if flow.transport.isReliable, let listener = endpoint(flow.transport, like: flow.local.host) { address.port = listener.port }
    case .address, .server, .uri:
      let transport = destination.transport
      address = endpoint(transport, like: remoteHost(of: destination)) ?? SIPAddress(host: "127.0.0.1", port: transport.defaultPort)
    }
    guard let advertised = publicAddress(towards: destination) else { return address }
    // The port is that of UDP, and of TCP where the same number is passed on; TLS has one of its own.
    let isOwnPort = advertised.port == 0 || destination.transport == .tls
    return SIPAddress(host: advertised.host, port: isOwnPort ? address.port : advertised.port)
  }

  /// The host that session descriptions name towards a destination, `local` where there is no NAT on the way.
  package func mediaHost(towards destination: Destination?, local: String) -> String {
    guard let destination else { return configuration.publicAddress?.host ?? local }
    return publicAddress(towards: destination)?.host ?? local
  }

  /// nil: the destination is on our side of the NAT, of the other address family, or there is no NAT.
  private func publicAddress(towards destination: Destination) -> SIPAddress? {
    guard let advertised = configuration.publicAddress else { return nil }
    guard let remote = IPAddress(remoteHost(of: destination)) else { return advertised }
    if let own = IPAddress(advertised.host), own.isIPv4 != remote.isIPv4 { return nil }
    return configuration.localNetworks.contains { $0.contains(remote) } ? nil : advertised
  }

  /// Numeric where it is known.
  private func remoteHost(of destination: Destination) -> String {
    if case .uri(let uri) = destination, let server = lastLocated[uri.locationTarget] { return server.address.host }
    return destination.remote.host
  }

  func contact(user: String?, isSecure: Bool, via destination: Destination) -> NameAddress {
    var uri = SIPURI(address: localAddress(towards: destination), transport: destination.transport)
    uri.escapedUser = user
    if isSecure { uri.scheme = .sips }
    return NameAddress(uri: uri)
  }

  private func endpoint(_ transport: SIPTransportKind, like host: String) -> SIPAddress? {
    let isIPv6 = host.utf8.contains(0x3a)
    let ofTransport = configuration.endpoints.filter { $0.transport == transport }
    return (ofTransport.first { $0.address.host.utf8.contains(0x3a) == isIPv6 } ?? ofTransport.first)?.address
  }
}
