// What became of a REGISTER.
extension RegistrationClient {
  /// Requests that one attempt may cost, whatever the servers say.
  private static let requestLimit = 16
  /// A year and a quarter: what is longer is a mistake.
  private static let longestExpiry: UInt32 = 40_000_000

  /// A response came; nil: nothing is to be sent now.
  ///
  /// - Parameter flow: what it came on.
  /// - Parameter destination: where the request had gone.
  /// - Parameter token: the `line` of our Contact, by which it is found among those that the response lists.
  package mutating func receive(
    _ response: SIPResponse, on flow: Flow?, from destination: Destination, token: String?, now: Duration
  ) -> Outgoing? {
    guard response.isFinal else { return nil }
    switch phase {
    case .registering(let attempt): return receive(response, attempt, on: flow, from: destination, token: token, now: now)
    case .leaving(let attempt): return receiveRemoval(response, attempt, from: destination)
    case .idle, .registered, .waiting: return nil
    }
  }

  /// No response came, or the request could not be sent.
  package mutating func failed(_ reason: String, now: Duration) -> Outgoing? {
    switch phase {
    case .registering(let attempt): return next(attempt, reason, retryAfter: nil, now: now)
    case .leaving:
      expiry = nil
      phase = .idle
      return nil
    case .idle, .registered, .waiting: return nil
    }
  }

  private mutating func receive(
    _ response: SIPResponse, _ attempt: Attempt, on flow: Flow?, from destination: Destination, token: String?, now: Duration
  ) -> Outgoing? {
    guard attempt.requests < Self.requestLimit else {
      return refused("the registrar asks for too much: \(response.status) \(response.reason)", nil, now: now)
    }
    let credentials = trunk.credentials.map { [$0] } ?? []
    let said = "\(response.status) \(response.reason)"
    let retryAfter = Self.retryAfter(response)
    var attempt = attempt
    switch response.status {
    case 200..<300:
      return accepted(response, attempt, on: flow, token: token, now: now)
    case 300..<400:
      let contact = (try? response.headers.contacts())?.addresses.first { $0.uri.isSIP && !$0.uri.host.isEmpty }
      guard let uri = contact?.uri, registration.registrars[0].scheme != .sips || uri.scheme == .sips else {
        return next(attempt, said, retryAfter: retryAfter, now: now)
      }
      if case .redirected = attempt.place { return next(attempt, "redirected twice", retryAfter: nil, now: now) }
      attempt.move(to: .redirected(SIPURI(scheme: uri.scheme, host: uri.host, port: uri.port, parameters: uri.parameters)))
      return send(attempt, isRemoval: false)
    case 401, 407:
      guard let realms = answers.absorb(response, credentials: credentials, answered: attempt.answered) else {
        let why =
          credentials.isEmpty ? "no password is given" : attempt.answered.isEmpty ? "no challenge that we know" : "wrong user or password"
        answers = ChallengeAnswers()
        return refused("\(said): \(why)", retryAfter, now: now)
      }
      attempt.answered = realms
      attempt.challenger = destination
      return send(attempt, isRemoval: false)
    case 423:
      guard let least = try? response.headers.number(.minExpires, upTo: UInt64(Self.longestExpiry)), least > wanted else {
        return refused("\(said), without a longer Min-Expires", retryAfter, now: now)
      }
      wanted = UInt32(clamping: least)
      return send(attempt, isRemoval: false)
    case 439 where usesOutbound:
      // The first hop does not support outbound (RFC 5626 §4.2.1, §11.6).
      usesOutbound = false
      return send(attempt, isRemoval: false)
    case 408, 430, 500..<600:
      return next(attempt, said, retryAfter: retryAfter, now: now)
    default:
      return refused(said, retryAfter, now: now)
    }
  }

  // MARK: Outcomes

  private mutating func accepted(
    _ response: SIPResponse, _ attempt: Attempt, on flow: Flow?, token: String?, now: Duration
  ) -> Outgoing? {
    let seconds = granted(response, token: token)
    guard seconds > 0 else { return refused("the registrar took the registration back at once", nil, now: now) }
    let granted = Duration.seconds(Int64(seconds))
    if case .server(let index) = attempt.place { serverIndex = index }
    self.flow = flow ?? self.flow
    expiry = now + granted
    lastError = nil
    backoff.succeeded()
    flowTimer = (try? response.headers.number(.flowTimer, upTo: 86_400)).flatMap { $0.map { Int($0) } }
    isOutboundAccepted = usesOutbound && (response.headers.has(.require, "outbound") || flowTimer != nil)
    phase = .registered(refresh: now + refreshWait(granted))
    if isEnding {
      isEnding = false
      return leave()
    }
    if isOutdated {
      isOutdated = false
      return addressChanged(now: now)
    }
    return nil
  }

  /// Early enough for a time-out and a second try, spread over a tenth of the time so that refreshes do not march in step.
  private mutating func refreshWait(_ granted: Duration) -> Duration {
    let margin = max(granted * random.number(in: 100...200) / 1000, .seconds(37))
    return granted - min(margin, granted / 2)
  }

  /// Seconds: of our Contact, else of Expires, else what we asked for (RFC 3261 §10.2.4).
  private func granted(_ response: SIPResponse, token: String?) -> UInt32 {
    let contacts = (try? response.headers.contacts())?.addresses ?? []
    let own =
      contacts.first { token != nil && $0.uri.parameters["line"] == token }
      ?? contacts.first { $0.parameters["+sip.instance"].map { $0 == registration.instance.map { "<\($0)>" } } ?? false }
      ?? (contacts.count == 1 ? contacts[0] : nil)
    let expires = try? response.headers.expires()
    return min(own?.expires ?? expires ?? wanted, Self.longestExpiry)
  }

  /// This place does not serve; another may.
  private mutating func next(_ attempt: Attempt, _ reason: String, retryAfter: Duration?, now: Duration) -> Outgoing? {
    if case .flow(let lost) = attempt.place, lost == flow { flow = nil }
    var attempt = attempt
    if !isEnding, let place = attempt.remaining.first {
      attempt.remaining.removeFirst()
      attempt.move(to: place)
      lastError = reason
      return send(attempt, isRemoval: false)
    }
    return refused(reason, retryAfter, now: now)
  }

  /// Nobody serves us for now.
  private mutating func refused(_ reason: String, _ retryAfter: Duration?, now: Duration) -> Outgoing? {
    isOutdated = false
    backoff.failed()
    wait(reason, retryAfter: retryAfter, now: now)
    isEnding = false
    return nil
  }

  private mutating func receiveRemoval(_ response: SIPResponse, _ attempt: Attempt, from destination: Destination) -> Outgoing? {
    var attempt = attempt
    if response.status == 401 || response.status == 407, attempt.requests < Self.requestLimit,
      let realms = answers.absorb(response, credentials: trunk.credentials.map { [$0] } ?? [], answered: attempt.answered)
    {
      attempt.answered = realms
      attempt.challenger = destination
      return send(attempt, isRemoval: true)
    }
    expiry = nil
    flow = nil
    phase = .idle
    guard isOutdated else { return nil }
    isOutdated = false
    return start(now: .zero)
  }

  private static func retryAfter(_ response: SIPResponse) -> Duration? {
    // Seconds, then perhaps a comment and parameters (RFC 3261 §20.33).
    guard let text = response.headers[.retryAfter] else { return nil }
    return Int64(text.prefix { $0.isASCII && $0.isNumber }.prefix(9)).map { .seconds($0) }
  }
}

extension RegistrationClient.Attempt {
  /// Goes on at another place, which has asked nothing yet.
  fileprivate mutating func move(to place: RegistrationClient.Place) {
    self.place = place
    answered = []
    challenger = nil
  }
}
