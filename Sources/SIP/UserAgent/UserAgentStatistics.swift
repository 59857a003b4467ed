/// Counters of a user agent since it was made.
package struct UserAgentStatistics: Sendable, Equatable {
  package var requestsReceived = 0
  package var responsesReceived = 0
  package var messagesSent = 0
  package var retransmissionsSent = 0
  package var retransmissionsReceived = 0
  package var unmatchedResponses = 0
  package var unmatchedAcknowledgements = 0
  package var malformed = 0
  package var challenged = 0
  package var wrongCredentials = 0
  package var mergedRequests = 0
  package var loops = 0
  package var overloads = 0
  /// Calls that `UserAgent.admission` held back.
  package var notAdmitted = 0
  package var transportFailures = 0
  package var timeouts = 0

  package init() {}

  static func + (left: UserAgentStatistics, right: UserAgentStatistics) -> UserAgentStatistics {
    var sum = left
    sum.requestsReceived += right.requestsReceived
    sum.responsesReceived += right.responsesReceived
    sum.messagesSent += right.messagesSent
    sum.retransmissionsSent += right.retransmissionsSent
    sum.retransmissionsReceived += right.retransmissionsReceived
    sum.unmatchedResponses += right.unmatchedResponses
    sum.unmatchedAcknowledgements += right.unmatchedAcknowledgements
    sum.malformed += right.malformed
    sum.challenged += right.challenged
    sum.wrongCredentials += right.wrongCredentials
    sum.mergedRequests += right.mergedRequests
    sum.loops += right.loops
    sum.overloads += right.overloads
    sum.notAdmitted += right.notAdmitted
    sum.transportFailures += right.transportFailures
    sum.timeouts += right.timeouts
    return sum
  }
}
