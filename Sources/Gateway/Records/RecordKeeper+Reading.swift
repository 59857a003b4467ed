import CallControl
package import ControlAPI
import Synchronization

// What is kept, for whoever asks.
extension RecordKeeper {
  /// How the keeping of records fares.
  package var status: GatewayStatus.Records {
    waiting.withLock { waiting in
      GatewayStatus.Records(
        state: waiting.failures == 0 ? "good" : waiting.hasLost ? "losing" : "waiting", waiting: waiting.calls.count,
        written: waiting.statistics.written, retried: waiting.statistics.retried, lost: waiting.statistics.lost, reason: waiting.reason)
    }
  }

  /// The last calls that ended, newest first, those included that wait to be written.
  package func ended(limit: Int) async throws -> [CallStatus] {
    try await ask { keeper, store in
      let waiting = keeper.waitingCalls { $0.end != nil }
      guard !waiting.isEmpty else { return try store.ended(limit: limit) }
      let names = Set(waiting.map(\.id))
      let all = waiting + (try store.ended(limit: limit)).filter { !names.contains($0.id) }
      return Array(all.sorted { ($0.endedAt ?? $0.startedAt) > ($1.endedAt ?? $1.startedAt) }.prefix(limit))
    }
  }

  package func call(id: String) async throws -> CallStatus? {
    try await ask { keeper, store in
      if let number = keeper.presenter.call(id), let waiting = keeper.waitingCalls(where: { $0.id == number }).first { return waiting }
      return try store.call(id: id)
    }
  }

  private func waitingCalls(where isWanted: (CallRecord) -> Bool) -> [CallStatus] {
    waiting.withLock { Array($0.calls.values) }.filter(isWanted).map(presenter.status)
  }

  private func ask<Answer: Sendable>(
    _ question: @escaping @Sendable (RecordKeeper, any RecordStoring) throws -> Answer
  ) async throws -> Answer {
    let answer = await onQueue { keeper in
      Result {
        // While writing fails, only the schedule tries: reading must not use up the tries.
        if keeper.waiting.withLock({ $0.failures == 0 }) { keeper.write() }
        return try keeper.withStore { try question(keeper, $0) }
      }
    }
    do {
      return try answer.get()
    } catch {
      throw ControlError.unavailable("the call records cannot be read: \(error)")
    }
  }
}
