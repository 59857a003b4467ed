/// Numbers that are dialled exactly as given and, from an authenticated caller, never refused.
package enum EmergencyNumbers {
  /// The emergency numbers of a country.
  package static func numbers(in country: Country) -> Set<String> {
    switch country {
    case .japan: ["110", "118", "119"]
    case .unitedStates: ["911"]
    case .unitedKingdom: ["999", "112"]
    case .germany: ["112", "110"]
    case .france: ["112", "15", "17", "18", "114"]
    case .china: ["110", "119", "120", "122"]
    case .australia: ["000", "112", "106"]
    }
  }

  /// Whether the digits are one of the country's emergency numbers.
  package static func contains(_ digits: String, in country: Country) -> Bool { numbers(in: country).contains(digits) }
}
