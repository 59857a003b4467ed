import CallControl
import ConfigurationFile
import TelephonyHAL

extension Budget {
  init(_ file: GatewayConfiguration.Budget) {
    let subject: Subject =
      if let account = file.account {
        account == "*" ? .everyAccount : .account(account)
      } else if let trunk = file.trunk {
        .trunk(trunk)
      } else if let line = file.line {
        line == "*" ? .everyLine : .line(LineID(line))
      } else {
        .everybody
      }
    self.init(subject, destinationClass: file.destinationClass, minutesPerDay: file.minutesPerDay)
  }
}
