/// A registration as it is kept across a restart.
package struct BindingSnapshot: Hashable, Sendable {
  package var account: String
  package var uri: SIPURI
  package var flow: Flow
  /// `+sip.instance` (RFC 5626 §4.1).
  package var instance: String?
  package var callID: String
  package var sequence: UInt32
  /// In thousandths, 0 … 1000.
  package var priority: Int
  /// In the time given to the user agent.
  package var expiry: Duration
  package var userAgent: String?

  package init(
    account: String, uri: SIPURI, flow: Flow, instance: String?, callID: String, sequence: UInt32, priority: Int, expiry: Duration,
    userAgent: String?
  ) {
    self.account = account
    self.uri = uri
    self.flow = flow
    self.instance = instance
    self.callID = callID
    self.sequence = sequence
    self.priority = priority
    self.expiry = expiry
    self.userAgent = userAgent
  }
}

extension Registrar {
  /// The bindings of an account that can outlive this process: those over UDP, since a connection cannot.
  package func snapshots(of account: String, now: Duration) -> [BindingSnapshot] {
    (bindings[account] ?? []).compactMap { binding in
      let contact = binding.contact
      guard !contact.flow.transport.isReliable, contact.expiry > now else { return nil }
      return BindingSnapshot(
        account: account, uri: contact.uri, flow: contact.flow, instance: binding.instance, callID: binding.callID,
        sequence: binding.sequence, priority: contact.priority, expiry: contact.expiry, userAgent: contact.userAgent)
    }
  }

  /// Takes back what an earlier process knew, unless it has expired or the account has registered anew meanwhile; how many were taken.
  package mutating func restore(_ snapshots: [BindingSnapshot], now: Duration) -> Int {
    let known = Set(bindings.keys)
    var count = 0
    for snapshot in snapshots where !known.contains(snapshot.account) && snapshot.expiry > now {
      guard (bindings[snapshot.account]?.count ?? 0) < max(1, configuration.contactsPerAccount) else { continue }
      let contact = ContactBinding(
        uri: snapshot.uri, flow: snapshot.flow, priority: snapshot.priority,
        expiry: min(snapshot.expiry, now + configuration.maximumExpiry),
        userAgent: snapshot.userAgent)
      bindings[snapshot.account, default: []].append(
        Binding(contact: contact, instance: snapshot.instance, callID: snapshot.callID, sequence: snapshot.sequence, refreshed: now))
      count += 1
    }
    return count
  }
}

extension UserAgent {
  /// The registrations of an account that outlive this process.
  package func bindingSnapshots(of account: String, now: Duration) -> [BindingSnapshot] { registrar.snapshots(of: account, now: now) }

  /// Accounts whose registrations were made, renewed or ended since the last call.
  package mutating func takeChangedRegistrations() -> Set<String> { registrar.takeChanged() }

  /// Takes back registrations of configured accounts; how many were taken.
  ///
  /// No event tells of them.
  package mutating func restoreBindings(_ snapshots: [BindingSnapshot], now: Duration) -> Int {
    let count = registrar.restore(snapshots.filter { passwords[$0.account] != nil }, now: now)
    scheduleRegistrar()
    return count
  }
}
