// Requests within a call that the application sends by itself.
extension UserAgent {
  /// Makes a request of a leg's dialog, complete but for header fields of its method, and where it goes; nil: the leg is not established.
  ///
  /// It has no transaction: it is not sent again, and its response comes back as one that matches nothing.
  package mutating func makeRequest(_ method: SIPMethod, in leg: LegID) -> (request: SIPRequest, destination: Destination)? {
    var made: (SIPRequest, Destination)?
    withLeg(leg) { agent, leg in
      guard case .established(var session) = leg.phase else { return }
      var request = session.dialog.makeRequest(method)
      request.headers.add(.contact, leg.contact)
      let destination = agent.settled(agent.destination(leg, session.dialog))
      agent.finish(&request, to: destination)
      leg.phase = .established(session)
      made = (request, destination)
    }
    return made
  }
}
