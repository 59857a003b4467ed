// Header fields of messages that we make.
extension UserAgent {
  func addServer(_ response: inout SIPResponse) {
    if let product = configuration.product { response.headers.add(.server, product) }
  }

  func addAllow(_ headers: inout SIPHeaders) {
    headers.add(.allow, configuration.methods.map(\.name).joined(separator: ", "))
  }

  func addSupported(_ headers: inout SIPHeaders) {
    if !configuration.extensions.isEmpty { headers.add(.supported, configuration.extensions.joined(separator: ", ")) }
  }

  /// What an OPTIONS asks for (RFC 3261 §11.2).
  func addCapabilities(_ response: inout SIPResponse) {
    addAllow(&response.headers)
    response.headers.add(.accept, "application/sdp, application/dtmf-relay, application/dtmf")
    response.headers.add(.acceptEncoding, "identity")
    response.headers.add(.acceptLanguage, "en")
    response.headers.add(.supported, configuration.extensions.joined(separator: ", "))
  }

  /// A response within a leg: our tag, and what makes or refreshes a dialog.
  func makeResponse(_ status: Int, to request: SIPRequest, _ leg: Leg, sdp: [UInt8]? = nil) -> SIPResponse {
    let makesDialog = request.method == .invite && status > 100 && status < 300
    var response = SIPResponse(to: request, status: status, toTag: leg.localTag, recordRoute: makesDialog)
    if makesDialog {
      response.headers.add(.contact, leg.contact)
      addAllow(&response.headers)
      addSupported(&response.headers)
    }
    addServer(&response)
    if let sdp, !sdp.isEmpty {
      response.headers.add(.contentType, MediaType.sdp)
      response.body = sdp
    }
    return response
  }

  /// Makes a request ready to leave: a new branch in a Via of ours, Max-Forwards, User-Agent.
  mutating func finish(_ request: inout SIPRequest, to destination: Destination, maxForwards: Int = 70) -> ClientTransactionID {
    let id = ClientTransactionID(number: random.next())
    request.headers.push(.via, Via(destination.transport, sentBy: localAddress(towards: destination), branch: id.branch))
    if !request.headers.contains(.maxForwards) { request.headers.add(.maxForwards, String(maxForwards)) }
    if let product = configuration.product, !request.headers.contains(.userAgent) { request.headers.add(.userAgent, product) }
    return id
  }

  /// Sends a request of a leg in a new transaction; nil: the table is full.
  mutating func send(
    _ request: SIPRequest, to destination: Destination, for leg: inout Leg, _ purpose: ClientOwner.Purpose, answered: [String] = [],
    now: Duration
  ) -> ClientTransactionID? {
    var request = request
    let place = suitable(destination, for: request)
    let id = finish(&request, to: place)
    let owner = ClientOwner(leg: leg.id, purpose: purpose, answeredRealms: answered)
    guard transactions.send(request, as: id, to: place, owner: owner, now: now, &outputs, &timers) else { return nil }
    leg.openTransactions += 1
    return id
  }

  // MARK: Addresses

  /// Where requests within the dialog go.
  func destination(_ leg: Leg, _ dialog: Dialog) -> Destination {
    if case .flow(let flow) = leg.path, !flow.transport.isReliable || transactions.openConnections.contains(flow.id) { return .flow(flow) }
    let uri = dialog.nextHop
    return .address(uri.transportKind, uri.address)
  }

  /// What Via and Contact say of us towards a destination.
  func localAddress(towards destination: Destination) -> SIPAddress {
    var address: SIPAddress
    switch destination {
    case .flow(let flow):
      address = flow.local
      // The near end of a connection that we opened takes no calls: the listener does.
      if flow.transport.isReliable, let listener = endpoint(flow.transport, like: flow.local.host) { address.port = listener.port }
    case .address(let transport, let remote):
      address = endpoint(transport, like: remote.host) ?? SIPAddress(host: "127.0.0.1", port: transport.defaultPort)
    }
    guard let advertised = configuration.publicAddress else { return address }
    return SIPAddress(host: advertised.host, port: advertised.port == 0 ? address.port : advertised.port)
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

  /// Large requests leave UDP where that is wanted and the flow leaves the choice: over 1,300 bytes with the Via (RFC 3261 §18.1.1).
  private func suitable(_ destination: Destination, for request: SIPRequest) -> Destination {
    guard configuration.prefersTCPForLargeRequests, case .address(.udp, let address) = destination,
      request.headers.serializedSizeEstimate + request.body.count > 1100
    else { return destination }
    return .address(.tcp, address)
  }
}
