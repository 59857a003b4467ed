/// A country whose dialling rules and tones are known; the raw value is its ISO 3166-1 code, as in the configuration.
package enum Country: String, CaseIterable, Hashable, Sendable {
  case japan = "JP"
  case unitedStates = "US"
  case unitedKingdom = "GB"
  case germany = "DE"
  case france = "FR"
  case china = "CN"
  case australia = "AU"

  /// How numbers are dialled there.
  package var diallingRules: DiallingRules { .rules(of: self) }

  /// What its exchanges sound like.
  package var tonePlan: TonePlan { .plan(of: self) }
}
